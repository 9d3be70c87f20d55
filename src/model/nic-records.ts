import * as v from "valibot";
import type { BusDevice, Link } from "./link.ts";

/** A NIC as it was seen last. */
export interface NicNote {
  readonly mac: string;
  /** The name of its link. */
  readonly name: string;
  /** null: a link that has none, as a veth. */
  readonly device: NotedDevice | null;
  /** All that IMDS had to say of it was configured, and nobody watched on for more. */
  readonly isSettled: boolean;
  /**
   * Whether the last run that configured it found its files as they had to be, and wrote none; null:
   * none has looked at it in this boot.
   */
  readonly hadFiles: boolean | null;
}

/** A device as it was: see `BusDevice`. */
export type NotedDevice = Pick<BusDevice, "address" | "node">;

/** What is noted now. */
export interface SeenNics {
  readonly devices: readonly BusDevice[];
  /** Those that are NICs. */
  readonly nics: readonly Link[];
  /** MACs whose files have just been removed. */
  readonly forgotten: readonly string[];
  /** MACs that are configured whole. */
  readonly settled: readonly string[];
  /** MACs of which more may come. */
  readonly unsettled: readonly string[];
  /** MACs whose files were found as they had to be. */
  readonly found: readonly string[];
  /** MACs for which files were written or removed. */
  readonly written: readonly string[];
}

const schema = v.array(
  v.object({
    mac: v.string(),
    name: v.string(),
    device: v.nullable(v.object({ address: v.string(), node: v.number() })),
    isSettled: v.boolean(),
    hadFiles: v.optional(v.nullable(v.boolean()), null), // of an older version
  }),
);

/** What a file of notes says; nothing where it is none. */
export function parseNicNotes(text: string): readonly NicNote[] {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  return parsed.success ? parsed.output : [];
}

/**
 * The notes with what is seen now: a MAC that is not seen keeps its device, which is what they are
 * for, unless it is `forgotten`. Sorted by MAC.
 */
export function noteSeen(notes: readonly NicNote[], seen: SeenNics): readonly NicNote[] {
  const now = seen.nics.flatMap((link) => noteOf(link, notes, seen) ?? []);
  const older = notes.filter(
    ({ mac }) => !seen.forgotten.includes(mac) && now.every((note) => note.mac !== mac),
  );
  return [...older, ...now].toSorted((left, right) => (left.mac < right.mac ? -1 : 1));
}

function noteOf(
  { mac, name }: Link,
  notes: readonly NicNote[],
  { devices, settled, unsettled, found, written }: SeenNics,
): NicNote | null {
  if (mac === null) return null;
  const shown = devices.find(({ links }) => links.includes(name));
  const device = shown === undefined ? null : { address: shown.address, node: shown.node };
  const before = notes.find((note) => note.mac === mac);
  const isSame = JSON.stringify(before?.device) === JSON.stringify(device);
  const wasSettled = isSame && before?.isSettled === true;
  const hadBefore = isSame ? (before?.hadFiles ?? null) : null;
  const isSettled = settled.includes(mac) || (wasSettled && !unsettled.includes(mac));
  const hadFiles = found.includes(mac) || (written.includes(mac) ? false : hadBefore);
  return { mac, name, device, isSettled, hadFiles };
}
