/** A leaf's value as `leafValue` gives it. */
export type LeafValue = string | readonly string[];

/** What was observed about one leaf of an ENI's folder. */
export interface LeafObservations {
  /** The current value; null if none was read yet. */
  readonly value: LeafValue | null;
  readonly isListed: boolean;
  /** Whether it was requested, with any result. */
  readonly isAsked: boolean;
  /** When IMDS last gave a value, an empty answer or a 404; null if it gave none of these. */
  readonly answeredMs: number | null;
  /** Since when answers contain less than `value`; null if they do not contain less. */
  readonly retractedSinceMs: number | null;
}

/** What was read about one MAC so far. Times are in ms of `Clock.now`. */
export interface EniObservations {
  readonly mac: string;
  /** When `macs/` first listed the MAC; null if never. */
  readonly listedMs: number | null;
  /** What the last request for its folder showed; `gone` means 404. */
  readonly folder: "unread" | "there" | "gone";
  /** When its folder's listing was last read. */
  readonly folderReadMs: number;
  /** When an answer last differed from the one before. */
  readonly changedMs: number;
  readonly leaves: Readonly<Record<string, LeafObservations>>;
}

export interface RecordTimes {
  readonly nowMs: number;
  /** How long answers must contain less than before until the missing part is dropped. */
  readonly confirmAbsenceMs: number;
}

/** The observations of a MAC about which nothing was read yet. */
export function emptyObservations(mac: string, nowMs: number): EniObservations {
  const times = { listedMs: null, folderReadMs: nowMs, changedMs: nowMs };
  return { mac, ...times, folder: "unread", leaves: {} };
}

/** Records that `macs/` lists the MAC, which it did not list before. */
export function recordListed(eni: EniObservations, nowMs: number): EniObservations {
  return withChangeTime(eni, { ...eni, listedMs: nowMs }, nowMs);
}

/**
 * Records the listing of the folder (the relevant names), or null if the folder is missing. Known
 * values are kept: a MAC or a leaf can disappear for seconds while in use (VPC CNI #1967).
 */
export function recordFolder(
  eni: EniObservations,
  names: readonly string[] | null,
  { nowMs, confirmAbsenceMs }: RecordTimes,
): EniObservations {
  if (names === null) return withChangeTime(eni, { ...eni, folder: "gone" }, nowMs);
  const all = [...new Set([...Object.keys(eni.leaves), ...names])].toSorted();
  const entries = all.flatMap((name): readonly (readonly [string, LeafObservations])[] => {
    const before = eni.leaves[name] ?? unknownLeaf;
    const isListed = names.includes(name);
    if (isListed) return [[name, { ...before, isListed }]];
    const retractedSinceMs = before.retractedSinceMs ?? nowMs;
    const isDropped = before.value === null || nowMs - retractedSinceMs >= confirmAbsenceMs;
    return isDropped ? [] : [[name, { ...before, isListed, retractedSinceMs }]];
  });
  const leaves = Object.fromEntries(entries);
  const read = { folder: "there", folderReadMs: nowMs, leaves } as const;
  return withChangeTime(eni, { ...eni, ...read }, nowMs);
}

/**
 * Records a leaf's value; null if it is empty or 404. An added line counts at once. A missing line
 * counts after `confirmAbsenceMs`, so a short gap removes no address. A single value is replaced.
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
  const isGap = isRetraction(before.value, read) && nowMs - retractedSinceMs < confirmAbsenceMs;
  const leaf = isGap
    ? { ...before, value: mergeValues(before.value, read), retractedSinceMs }
    : { ...before, value: read, retractedSinceMs: null };
  const answered = { ...leaf, isAsked: true, answeredMs: nowMs };
  return withChangeTime(eni, withLeaf(eni, name, answered), nowMs);
}

/** Records that a leaf was requested, but without a usable answer. */
export function recordLeafError(eni: EniObservations, name: string): EniObservations {
  const before = eni.leaves[name];
  return before === undefined ? eni : withLeaf(eni, name, { ...before, isAsked: true });
}

/**
 * The leaves that are listed and were requested, but have no value yet. The first was not answered
 * for the longest time.
 */
export function missingLeaves({ leaves }: EniObservations): readonly string[] {
  const isMissing = (leaf: LeafObservations) =>
    leaf.isListed && leaf.isAsked && leaf.value === null;
  const answeredMs = (name: string): number => leaves[name]?.answeredMs ?? -1;
  return leafNamesWhere(leaves, isMissing).toSorted((a, b) => answeredMs(a) - answeredMs(b));
}

/**
 * Whether nothing about the ENI has changed for this time, in which IMDS answered: the folder, and
 * each leaf without a value, was read at its end. An error is no answer.
 */
export function isUnchangedFor(eni: EniObservations, durationMs: number): boolean {
  const missing = missingLeaves(eni).map((name) => eni.leaves[name]?.answeredMs ?? -Infinity);
  return Math.min(eni.folderReadMs, ...missing) - eni.changedMs >= durationMs;
}

/** The leaves that are listed and were never requested. */
export function unaskedLeaves({ leaves }: EniObservations): readonly string[] {
  return leafNamesWhere(leaves, (leaf) => leaf.isListed && !leaf.isAsked);
}

/** The leaves for which the last answers contained less than what is known. */
export function retractedLeaves({ leaves }: EniObservations): readonly string[] {
  return leafNamesWhere(leaves, (leaf) => leaf.retractedSinceMs !== null);
}

const unknownLeaf: LeafObservations = {
  value: null,
  isListed: false,
  isAsked: false,
  answeredMs: null,
  retractedSinceMs: null,
};

function withLeaf(eni: EniObservations, name: string, leaf: LeafObservations): EniObservations {
  return { ...eni, leaves: { ...eni.leaves, [name]: leaf } };
}

function leafNamesWhere(
  leaves: EniObservations["leaves"],
  predicate: (leaf: LeafObservations) => boolean,
): readonly string[] {
  return Object.entries(leaves).flatMap(([name, leaf]) => (predicate(leaf) ? [name] : []));
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

/** `after`, with `changedMs` set to now if its content differs from `before`. */
function withChangeTime(before: EniObservations, after: EniObservations, nowMs: number) {
  return isSameContent(before, after) ? after : { ...after, changedMs: nowMs };
}

/** Whether both have the same content; times do not count. */
export function isSameContent(left: EniObservations, right: EniObservations): boolean {
  return fingerprint(left) === fingerprint(right);
}

function fingerprint({ listedMs, folder, leaves }: EniObservations): string {
  const leafContents = Object.entries(leaves).map(([name, leaf]) => {
    return [name, leaf.value, leaf.isListed, leaf.retractedSinceMs !== null];
  });
  return JSON.stringify([listedMs === null, folder, leafContents]);
}
