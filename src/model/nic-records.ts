import * as v from "valibot";
import type { BusDevice, Link } from "./link.ts";

/** A NIC as it was seen last. */
export interface NicRecord {
  readonly mac: string;
  /** The name of its link. */
  readonly name: string;
  /** null: a link that has none, as a veth. */
  readonly device: RecordedDevice | null;
  /** All that IMDS had to say of it was configured, and nobody watched on for more. */
  readonly isSettled: boolean;
  /**
   * Whether the last run that configured it found its files as they had to be, and wrote none; null:
   * none has looked at it in this boot.
   */
  readonly hadFiles: boolean | null;
}

/** A device as it was: see `BusDevice`. */
export type RecordedDevice = Pick<BusDevice, "address" | "node">;

/** What is noted now. */
export interface NicRecordUpdate {
  readonly devices: readonly BusDevice[];
  /** Those that are NICs. */
  readonly nics: readonly Link[];
  /** MACs whose files have just been removed. */
  readonly removed: readonly string[];
  /** MACs that are configured whole. */
  readonly settled: readonly string[];
  /** MACs of which more may come. */
  readonly unsettled: readonly string[];
  /** MACs whose files were found as they had to be. */
  readonly foundUnchanged: readonly string[];
  /** MACs for which files were written or removed. */
  readonly written: readonly string[];
}

const recordsSchema = v.array(
  v.object({
    mac: v.string(),
    name: v.string(),
    device: v.nullable(v.object({ address: v.string(), node: v.number() })),
    isSettled: v.boolean(),
    hadFiles: v.optional(v.nullable(v.boolean()), null), // of an older version
  }),
);

/** What a file of notes says; nothing where it is none. */
export function parseNicRecords(text: string): readonly NicRecord[] {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), recordsSchema), text);
  return parsed.success ? parsed.output : [];
}

/**
 * The notes with what is seen now: a MAC that is not seen keeps its device, which is what they are
 * for, unless it is `forgotten`. Sorted by MAC.
 */
export function updateRecords(
  records: readonly NicRecord[],
  update: NicRecordUpdate,
): readonly NicRecord[] {
  const current = update.nics.flatMap((link) => updateRecord(link, records, update) ?? []);
  const older = records.filter(
    ({ mac }) => !update.removed.includes(mac) && current.every((record) => record.mac !== mac),
  );
  return [...older, ...current].toSorted((left, right) => (left.mac < right.mac ? -1 : 1));
}

function updateRecord(
  { mac, name }: Link,
  records: readonly NicRecord[],
  { devices, settled, unsettled, foundUnchanged, written }: NicRecordUpdate,
): NicRecord | null {
  if (mac === null) return null;
  const busDevice = devices.find(({ links }) => links.includes(name));
  const device =
    busDevice === undefined ? null : { address: busDevice.address, node: busDevice.node };
  const previous = records.find((record) => record.mac === mac);
  const isSame = JSON.stringify(previous?.device) === JSON.stringify(device);
  const wasSettled = isSame && previous?.isSettled === true;
  const previousHadFiles = isSame ? (previous?.hadFiles ?? null) : null;
  const isSettled = settled.includes(mac) || (wasSettled && !unsettled.includes(mac));
  const hadFiles =
    foundUnchanged.includes(mac) || (written.includes(mac) ? false : previousHadFiles);
  return { mac, name, device, isSettled, hadFiles };
}
