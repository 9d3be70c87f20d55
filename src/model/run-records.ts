import * as v from "valibot";
import type { BusDevice, Link } from "./link.ts";

const nicRecordSchema = v.object({
  mac: v.string(),
  /** The name of the NIC's link. */
  name: v.string(),
  /** The NIC's device, see `BusDevice`; null if the link has no device, for example a veth. */
  device: v.nullable(v.object({ address: v.string(), inode: v.number() })),
  /** Everything that IMDS lists for the NIC was configured, and no run waits for more. */
  isSettled: v.boolean(),
  /** Whether the last run found the NIC's files up to date; null if no run checked in this boot. */
  foundUnchanged: v.nullable(v.boolean()),
});

/** `/run/ec2nic/nics.json` */
export const nicRecordsSchema = v.array(nicRecordSchema);

/** A NIC as a run saw it last. */
export type NicRecord = Readonly<v.InferOutput<typeof nicRecordSchema>>;

/** A device as a run saw it last, see `BusDevice`. */
export type RecordedDevice = NonNullable<NicRecord["device"]>;

const previousFileSchema = v.object({
  path: v.string(),
  /** null if the file did not exist. */
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
  /** The files before the first change. */
  previous: v.pipe(v.array(previousFileSchema), v.readonly()),
  /** What made the machine reachable before the first change; null if not known. */
  reachability: v.nullable(reachabilitySchema),
});

/** A file as it was before a run changed it. */
export type PreviousFile = Readonly<v.InferOutput<typeof previousFileSchema>>;

/** The primary NIC's link, and the families that had a default route over it. */
export type Reachability = Readonly<v.InferOutput<typeof reachabilitySchema>>;

/**
 * The record that a run writes before its first change of a running machine, and removes after its
 * last check. If the record exists, a run was killed in between: each file is the old or the new
 * one, but the backend may not have read it. A reboot removes the record with `/run`, and the
 * backend then reads all files.
 */
export type InterruptedRun = Readonly<v.InferOutput<typeof interruptedRunSchema>>;

/** `/run/ec2nic/repairs.json` */
export const repairNotesSchema = v.object({
  /** The addresses that a daemon's DHCP client was asked to get, and did not get. */
  tried: v.pipe(v.array(v.object({ mac: v.string(), address: v.string() })), v.readonly()),
  /** The warnings that are told once in a boot. */
  told: v.pipe(v.array(v.string()), v.readonly()),
});

/** What earlier runs of this boot tried to repair without success, and what they told about it. */
export type RepairNotes = Readonly<v.InferOutput<typeof repairNotesSchema>>;

/** What a run has seen and done. */
export interface NicRecordUpdate {
  readonly devices: readonly BusDevice[];
  /** The links that are NICs. */
  readonly nics: readonly Link[];
  /** MACs whose files were removed. */
  readonly removed: readonly string[];
  /** MACs that are completely configured. */
  readonly settled: readonly string[];
  /** MACs whose metadata may still change. */
  readonly unsettled: readonly string[];
  /** MACs whose files were up to date. */
  readonly foundUnchanged: readonly string[];
  /** MACs whose files were written or removed. */
  readonly written: readonly string[];
}

/**
 * The records after an update, sorted by MAC. The record of a MAC that is not seen now stays,
 * because it is needed when the NIC has left, unless the files of the NIC were removed.
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
  // a record about another device says nothing about this one
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
