import type { BusDevice, Link } from "../../model/link.ts";
import type { ExistingFile } from "../../model/plan.ts";
import type { NicRecord } from "../../model/run-records.ts";
import { macOfManagedPath } from "../../model/managed-paths.ts";
import { isManaged } from "../files/managed-nics.ts";

export interface ArrivalFacts {
  readonly link: Link;
  readonly files: readonly ExistingFile[];
  readonly devices: readonly BusDevice[];
  readonly records: readonly NicRecord[];
}

/**
 * Why a NIC whose link came is one that was here all the time: its driver was reloaded, and its
 * device never left the bus. It is on the very device on which it was noted when it was configured,
 * and its files are still there; then all that IMDS said of it is still true. null: it is new here,
 * more of it may still come (its watch was cut off), or nothing of it is known.
 */
export function driverReloadReason({ link, files, devices, records }: ArrivalFacts): string | null {
  const { mac, name } = link;
  const record = records.find((each) => each.mac === mac);
  const recordedDevice = record?.isSettled === true ? record.device : null;
  const device = devices.find(({ links }) => links.includes(name));
  if (!hasManagedFiles(link, files) || recordedDevice === null || device === undefined) return null;
  const isSame = device.address === recordedDevice.address && device.inode === recordedDevice.inode;
  return isSame ? `${device.address} never left its bus` : null;
}

/**
 * Whether an earlier boot configured it, as far as anybody has seen: its files are there, and no run
 * has looked at it since the machine came up (an older version's notes do not say what it found).
 */
export function wasConfiguredByEarlierBoot({
  link,
  files,
  records,
}: Omit<ArrivalFacts, "devices">): boolean {
  const record = records.find(({ mac }) => mac === link.mac);
  const isChecked = record?.isSettled === true || (record?.foundUnchanged ?? null) !== null;
  return hasManagedFiles(link, files) && !isChecked;
}

function hasManagedFiles({ mac }: Link, files: readonly ExistingFile[]): boolean {
  return files.some((file) => macOfManagedPath(file.path) === mac && isManaged(file));
}
