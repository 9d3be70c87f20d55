/** A leaf's value as `leafValue` gives it. */
export type LeafValue = string | readonly string[];

/** What is remembered of one leaf of an ENI's folder. */
export interface LeafMemory {
  /** What is believed; null: no value came yet. */
  readonly value: LeafValue | null;
  readonly isListed: boolean;
  /** It was asked for, whatever came of it. */
  readonly isAsked: boolean;
  /** Since when answers say less than `value`; null: they don't. */
  readonly doubtMs: number | null;
}

/** What was read of one MAC so far. Times are on the clock of `Clock.now`. */
export interface EniMemory {
  readonly mac: string;
  /** When `macs/` named it first; null: it never did. */
  readonly listedMs: number | null;
  /** Its folder, when it was asked for last; `gone`: 404. */
  readonly folder: "unread" | "there" | "gone";
  /** When its listing was read last. */
  readonly readMs: number;
  /** When something was last otherwise than in the answer before. */
  readonly changedMs: number;
  readonly leaves: Readonly<Record<string, LeafMemory>>;
}

export interface Moment {
  readonly nowMs: number;
  /** How long an answer that says less than an earlier one must last to be believed. */
  readonly doubtForMs: number;
}

export function blankMemory(mac: string, nowMs: number): EniMemory {
  return { mac, listedMs: null, folder: "unread", readMs: nowMs, changedMs: nowMs, leaves: {} };
}

/** `macs/` names the MAC. */
export function rememberListed(memory: EniMemory, nowMs: number): EniMemory {
  return since(memory, { ...memory, listedMs: memory.listedMs ?? nowMs }, nowMs);
}

/**
 * Its folder was listed (the names that matter), or is not there (null). What was known stays: a
 * MAC may vanish for seconds while it is in use (VPC CNI #1967), and so may a leaf.
 */
export function rememberFolder(
  memory: EniMemory,
  names: readonly string[] | null,
  { nowMs, doubtForMs }: Moment,
): EniMemory {
  if (names === null) return since(memory, { ...memory, folder: "gone" }, nowMs);
  const all = [...new Set([...Object.keys(memory.leaves), ...names])].toSorted();
  const leaves = all.flatMap((name): readonly (readonly [string, LeafMemory])[] => {
    const before = memory.leaves[name] ?? unknown;
    const isListed = names.includes(name);
    if (isListed) return [[name, { ...before, isListed }]];
    const doubtMs = before.doubtMs ?? nowMs;
    const isForgotten = before.value === null || nowMs - doubtMs >= doubtForMs;
    return isForgotten ? [] : [[name, { ...before, isListed, doubtMs }]];
  });
  const read = { folder: "there", readMs: nowMs, leaves: Object.fromEntries(leaves) } as const;
  return since(memory, { ...memory, ...read }, nowMs);
}

/**
 * A leaf was read; null: it is a 404, or empty. More than before is believed at once, less only
 * when it lasts: a flap must not cost an address. A single word is what was read last.
 */
export function rememberLeaf(
  memory: EniMemory,
  name: string,
  read: LeafValue | null,
  { nowMs, doubtForMs }: Moment,
): EniMemory {
  const before = memory.leaves[name];
  if (before === undefined) return memory;
  const doubtMs = before.doubtMs ?? nowMs;
  const isLess = saysLess(before.value, read) && nowMs - doubtMs < doubtForMs;
  const leaf = isLess
    ? { ...before, value: joined(before.value, read), doubtMs }
    : { ...before, value: read, doubtMs: null };
  return since(memory, withLeaf(memory, name, { ...leaf, isAsked: true }), nowMs);
}

/** A leaf was asked for, and what came says nothing of it. */
export function rememberTrouble(memory: EniMemory, name: string): EniMemory {
  const before = memory.leaves[name];
  return before === undefined ? memory : withLeaf(memory, name, { ...before, isAsked: true });
}

/** Listed, asked for, and not there. */
export function lateLeaves({ leaves }: EniMemory): readonly string[] {
  return namesWhere(leaves, (leaf) => leaf.isListed && leaf.isAsked && leaf.value === null);
}

/** Listed, and never asked for. */
export function freshLeaves({ leaves }: EniMemory): readonly string[] {
  return namesWhere(leaves, (leaf) => leaf.isListed && !leaf.isAsked);
}

/** Known, though the last answers said less. */
export function doubtedLeaves({ leaves }: EniMemory): readonly string[] {
  return namesWhere(leaves, (leaf) => leaf.doubtMs !== null);
}

const unknown: LeafMemory = { value: null, isListed: false, isAsked: false, doubtMs: null };

function withLeaf(memory: EniMemory, name: string, leaf: LeafMemory): EniMemory {
  return { ...memory, leaves: { ...memory.leaves, [name]: leaf } };
}

function namesWhere(
  leaves: EniMemory["leaves"],
  holds: (leaf: LeafMemory) => boolean,
): readonly string[] {
  return Object.keys(leaves).filter((name) => {
    const leaf = leaves[name];
    return leaf !== undefined && holds(leaf);
  });
}

function saysLess(before: LeafValue | null, read: LeafValue | null): boolean {
  if (before === null) return false;
  if (read === null) return true;
  return typeof before !== "string" && before.some((line) => !read.includes(line));
}

function joined(before: LeafValue | null, read: LeafValue | null): LeafValue | null {
  if (before === null || typeof before === "string") return before;
  return [...new Set([...before, ...(typeof read === "string" ? [] : (read ?? []))])];
}

/** `after`, changed now where it says something else than `before`. */
function since(before: EniMemory, after: EniMemory, nowMs: number): EniMemory {
  return isSame(before, after) ? after : { ...after, changedMs: nowMs };
}

/** Both say the same of the ENI, whenever they were told it. */
export function isSame(left: EniMemory, right: EniMemory): boolean {
  return fingerprint(left) === fingerprint(right);
}

function fingerprint({ listedMs, folder, leaves }: EniMemory): string {
  const said = Object.entries(leaves).map(([name, { value, isListed, doubtMs }]) => {
    return [name, value, isListed, doubtMs !== null];
  });
  return JSON.stringify([listedMs === null, folder, said]);
}
