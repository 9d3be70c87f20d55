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
 * Why a NIC whose link appeared was attached all the time: only its driver was reloaded. The NIC
 * has the same device as when it was configured, and its files exist, so everything that IMDS said
 * about it is still true. null if the NIC is new, if its watch did not finish (IMDS may list more),
 * or if there is no record of it.
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
 * Whether an earlier boot configured the NIC: its files exist, and no run of this boot has checked
 * it (a record of an older version does not say what a run found, so it does not count as a check).
 */
export function wasConfiguredByEarlierBoot(facts: Omit<ArrivalFacts, "devices">): boolean {
  const { link, files, records } = facts;
  const record = records.find(({ mac }) => mac === link.mac);
  const isChecked = record?.isSettled === true || (record?.foundUnchanged ?? null) !== null;
  return hasManagedFiles(link, files) && !isChecked;
}

function hasManagedFiles({ mac }: Link, files: readonly ExistingFile[]): boolean {
  return files.some((file) => macOfManagedPath(file.path) === mac && isManaged(file));
}
