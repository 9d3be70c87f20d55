import type { BusDevice, Link } from "../../model/link.ts";
import type { ExistingFile } from "../../model/plan.ts";
import type { NicNote } from "../../model/nic-records.ts";
import { macOfOwnPath } from "../../model/managed-paths.ts";
import { isOurs } from "../files/managed-nics.ts";

export interface ArrivalFacts {
  readonly link: Link;
  readonly files: readonly ExistingFile[];
  readonly devices: readonly BusDevice[];
  readonly notes: readonly NicNote[];
}

/**
 * Why a NIC whose link came is one that was here all the time: its driver was reloaded, and its
 * device never left the bus. It is on the very device on which it was noted when it was configured,
 * and its files are still there; then all that IMDS said of it is still true. null: it is new here,
 * more of it may still come (its watch was cut off), or nothing of it is known.
 */
export function whyNeverGone({ link, files, devices, notes }: ArrivalFacts): string | null {
  const { mac, name } = link;
  const note = notes.find((each) => each.mac === mac);
  const noted = note?.isSettled === true ? note.device : null;
  const device = devices.find(({ links }) => links.includes(name));
  if (!hasOwnFiles(link, files) || noted === null || device === undefined) return null;
  const isSame = device.address === noted.address && device.node === noted.node;
  return isSame ? `${device.address} never left its bus` : null;
}

/**
 * Whether an earlier boot configured it, as far as anybody has seen: its files are there, and no run
 * has looked at it since the machine came up (an older version's notes do not say what it found).
 */
export function isOfEarlierBoot({ link, files, notes }: Omit<ArrivalFacts, "devices">): boolean {
  const note = notes.find(({ mac }) => mac === link.mac);
  const isLookedAt = note?.isSettled === true || (note?.hadFiles ?? null) !== null;
  return hasOwnFiles(link, files) && !isLookedAt;
}

function hasOwnFiles({ mac }: Link, files: readonly ExistingFile[]): boolean {
  return files.some((file) => macOfOwnPath(file.path) === mac && isOurs(file));
}
