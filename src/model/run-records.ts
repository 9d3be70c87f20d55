import * as v from "valibot";
import type { BusDevice, Link } from "./link.ts";

const nicRecordSchema = v.object({
  mac: v.string(),
  /** The name of its link. */
  name: v.string(),
  /** The device, see `BusDevice`; null: a link that has none, as a veth. */
  device: v.nullable(v.object({ address: v.string(), inode: v.number() })),
  /** All that IMDS lists of it was configured, and no run waits for more. */
  isSettled: v.boolean(),
  /**
   * Whether the last run that configured it found its files as they had to be, and wrote none; null:
   * no run has looked at it in this boot.
   */
  foundUnchanged: v.nullable(v.boolean()),
});

/** `/run/ec2nic/nics.json` */
export const nicRecordsSchema = v.array(nicRecordSchema);

/** A NIC as it was seen last. */
export type NicRecord = Readonly<v.InferOutput<typeof nicRecordSchema>>;

/** A device as it was: see `BusDevice`. */
export type RecordedDevice = NonNullable<NicRecord["device"]>;

const previousFileSchema = v.object({
  path: v.string(),
  /** null: there was no file. */
  content: v.nullable(v.string()),
  mode: v.number(),
  mac: v.nullable(v.string()),
});

const reachabilitySchema = v.object({
  link: v.string(),
  routes: v.object({ ipv4: v.boolean(), ipv6: v.boolean() }),
});

/** `/run/ec2nic/unfinished.json` */
export const interruptedRunSchema = v.object({
  /** Files as they were before the first change. */
  previous: v.pipe(v.array(previousFileSchema), v.readonly()),
  /** What made the machine reachable before the first change. */
  reachability: v.nullable(reachabilitySchema),
});

/** A file as it was before a run changed it. */
export type PreviousFile = Readonly<v.InferOutput<typeof previousFileSchema>>;

/** The primary NIC's link, and which families had a default route over it. */
export type Reachability = Readonly<v.InferOutput<typeof reachabilitySchema>>;

/**
 * What a run that changes a live machine writes before its first change and removes after its last
 * check. Where it is found, a run was killed in between: files are old or new, each whole, but the
 * backend may not have been told of them yet. A reboot removes it with `/run`, and the backend reads
 * everything then.
 */
export type InterruptedRun = Readonly<v.InferOutput<typeof interruptedRunSchema>>;

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
  update: NicRecordUpdate,
): NicRecord | null {
  if (mac === null) return null;
  const found = update.devices.find(({ links }) => links.includes(name));
  const device = found === undefined ? null : { address: found.address, inode: found.inode };
  const last = records.find((record) => record.mac === mac);
  // a record of another device at the same place says nothing of this one
  const previous = JSON.stringify(last?.device) === JSON.stringify(device) ? last : undefined;
  const wasSettled = previous?.isSettled === true;
  const wasUnchanged = update.written.includes(mac) ? false : (previous?.foundUnchanged ?? null);
  return {
    mac,
    name,
    device,
    isSettled: update.settled.includes(mac) || (wasSettled && !update.unsettled.includes(mac)),
    foundUnchanged: update.foundUnchanged.includes(mac) || wasUnchanged,
  };
}
