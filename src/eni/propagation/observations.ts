/** A leaf's value as `leafValue` gives it. */
export type LeafValue = string | readonly string[];

/** What is remembered of one leaf of an ENI's folder. */
export interface LeafObservations {
  /** What is believed; null: no value came yet. */
  readonly value: LeafValue | null;
  readonly isListed: boolean;
  /** It was asked for, whatever came of it. */
  readonly isAsked: boolean;
  /** Since when answers say less than `value`; null: they don't. */
  readonly retractedSinceMs: number | null;
}

/** What was read of one MAC so far. Times are on the clock of `Clock.now`. */
export interface EniObservations {
  readonly mac: string;
  /** When `macs/` named it first; null: it never did. */
  readonly listedMs: number | null;
  /** Its folder, when it was asked for last; `gone`: 404. */
  readonly folder: "unread" | "there" | "gone";
  /** When its listing was read last. */
  readonly folderReadMs: number;
  /** When something was last otherwise than in the answer before. */
  readonly changedMs: number;
  readonly leaves: Readonly<Record<string, LeafObservations>>;
}

export interface RecordTimes {
  readonly nowMs: number;
  /** How long an answer that says less than an earlier one must last to be believed. */
  readonly confirmAbsenceMs: number;
}

export function emptyObservations(mac: string, nowMs: number): EniObservations {
  return {
    mac,
    listedMs: null,
    folder: "unread",
    folderReadMs: nowMs,
    changedMs: nowMs,
    leaves: {},
  };
}

/** `macs/` names the MAC. */
export function recordListed(eni: EniObservations, nowMs: number): EniObservations {
  return withChangeTime(eni, { ...eni, listedMs: eni.listedMs ?? nowMs }, nowMs);
}

/**
 * Its folder was listed (the names that matter), or is not there (null). What was known stays: a
 * MAC may vanish for seconds while it is in use (VPC CNI #1967), and so may a leaf.
 */
export function recordFolder(
  eni: EniObservations,
  names: readonly string[] | null,
  { nowMs, confirmAbsenceMs }: RecordTimes,
): EniObservations {
  if (names === null) return withChangeTime(eni, { ...eni, folder: "gone" }, nowMs);
  const all = [...new Set([...Object.keys(eni.leaves), ...names])].toSorted();
  const leaves = all.flatMap((name): readonly (readonly [string, LeafObservations])[] => {
    const before = eni.leaves[name] ?? unknownLeaf;
    const isListed = names.includes(name);
    if (isListed) return [[name, { ...before, isListed }]];
    const retractedSinceMs = before.retractedSinceMs ?? nowMs;
    const isDropped = before.value === null || nowMs - retractedSinceMs >= confirmAbsenceMs;
    return isDropped ? [] : [[name, { ...before, isListed, retractedSinceMs }]];
  });
  const read = {
    folder: "there",
    folderReadMs: nowMs,
    leaves: Object.fromEntries(leaves),
  } as const;
  return withChangeTime(eni, { ...eni, ...read }, nowMs);
}

/**
 * A leaf was read; null: it is a 404, or empty. More than before is believed at once, less only
 * when it lasts: a flap must not cost an address. A single word is what was read last.
 */
export function recordLeaf(
  eni: EniObservations,
  name: string,
  read: LeafValue | null,
  { nowMs, confirmAbsenceMs }: RecordTimes,
): EniObservations {
  const before = eni.leaves[name];
  if (before === undefined) return eni;
  const retractedSinceMs = before.retractedSinceMs ?? nowMs;
  const isUnconfirmedRetraction =
    isRetraction(before.value, read) && nowMs - retractedSinceMs < confirmAbsenceMs;
  const leaf = isUnconfirmedRetraction
    ? { ...before, value: mergeValues(before.value, read), retractedSinceMs }
    : { ...before, value: read, retractedSinceMs: null };
  return withChangeTime(eni, withLeaf(eni, name, { ...leaf, isAsked: true }), nowMs);
}

/** A leaf was asked for, and what came says nothing of it. */
export function recordLeafError(eni: EniObservations, name: string): EniObservations {
  const before = eni.leaves[name];
  return before === undefined ? eni : withLeaf(eni, name, { ...before, isAsked: true });
}

/** Listed, asked for, and not there. */
export function missingLeaves({ leaves }: EniObservations): readonly string[] {
  return leafNamesWhere(leaves, (leaf) => leaf.isListed && leaf.isAsked && leaf.value === null);
}

/** Listed, and never asked for. */
export function unaskedLeaves({ leaves }: EniObservations): readonly string[] {
  return leafNamesWhere(leaves, (leaf) => leaf.isListed && !leaf.isAsked);
}

/** Known, though the last answers said less. */
export function retractedLeaves({ leaves }: EniObservations): readonly string[] {
  return leafNamesWhere(leaves, (leaf) => leaf.retractedSinceMs !== null);
}

const unknownLeaf: LeafObservations = {
  value: null,
  isListed: false,
  isAsked: false,
  retractedSinceMs: null,
};

function withLeaf(eni: EniObservations, name: string, leaf: LeafObservations): EniObservations {
  return { ...eni, leaves: { ...eni.leaves, [name]: leaf } };
}

function leafNamesWhere(
  leaves: EniObservations["leaves"],
  predicate: (leaf: LeafObservations) => boolean,
): readonly string[] {
  return Object.keys(leaves).filter((name) => {
    const leaf = leaves[name];
    return leaf !== undefined && predicate(leaf);
  });
}

function isRetraction(before: LeafValue | null, read: LeafValue | null): boolean {
  if (before === null) return false;
  if (read === null) return true;
  return typeof before !== "string" && before.some((line) => !read.includes(line));
}

function mergeValues(before: LeafValue | null, read: LeafValue | null): LeafValue | null {
  if (before === null || typeof before === "string") return before;
  return [...new Set([...before, ...(typeof read === "string" ? [] : (read ?? []))])];
}

/** `after`, changed now where it says something else than `before`. */
function withChangeTime(
  before: EniObservations,
  after: EniObservations,
  nowMs: number,
): EniObservations {
  return isSameContent(before, after) ? after : { ...after, changedMs: nowMs };
}

/** Both say the same of the ENI, whenever they were told it. */
export function isSameContent(left: EniObservations, right: EniObservations): boolean {
  return fingerprint(left) === fingerprint(right);
}

function fingerprint({ listedMs, folder, leaves }: EniObservations): string {
  const leafContents = Object.entries(leaves).map(
    ([name, { value, isListed, retractedSinceMs }]) => {
      return [name, value, isListed, retractedSinceMs !== null];
    },
  );
  return JSON.stringify([listedMs === null, folder, leafContents]);
}
