import type { IncompleteEni } from "../../model/eni.ts";
import type { BusDevice, Link } from "../../model/link.ts";
import type { ExistingFile } from "../../model/plan.ts";
import type { NicRecord } from "../../model/run-records.ts";
import { macOfManagedPath, unmanagedPath } from "../../model/managed-paths.ts";
import { filterNicLinks } from "../config/match-nics.ts";
import { findUnmanagedEntry } from "../config/select-nics.ts";
import { isManaged, parseManagedNics } from "../files/managed-nics.ts";

/**
 * A configured NIC without a link. `gone`: its device left the bus, so its files can be removed.
 * `on-bus`: its driver was unloaded, or a container has its link. `unknown`: neither is certain.
 */
export interface NicPresence {
  readonly mac: string;
  readonly presence: "gone" | "on-bus" | "unknown";
  readonly reason: string;
}

interface RemovalFacts {
  readonly files: readonly ExistingFile[];
  readonly links: readonly Link[];
  readonly devices: readonly BusDevice[];
  readonly records: readonly NicRecord[];
  /** The admin's list: MACs, names, ENI ids. */
  readonly unmanaged: ReadonlySet<string>;
}

/**
 * Finds out, for each NIC that has files of ours and no link, whether its device is gone. Only what
 * the kernel says is considered, and not IMDS. The result is empty if no link could be read.
 *
 * A device without a link has no MAC, so the records say which NIC it is. A recorded device that
 * left the bus and came back is another NIC. A device that never left is the recorded NIC, even if
 * it has another MAC now, because a MAC can be changed. Without a record, a NIC is gone only if
 * every device has the link of another configured NIC. A NIC that was attached again in another
 * slot counts as gone until its driver is loaded; the event of its link then configures it. The
 * primary, which cannot be detached, and a NIC that the admin lists are never gone.
 */
export function classifyRemovals(facts: RemovalFacts): readonly NicPresence[] {
  const { files, links } = facts;
  if (links.length === 0) return [];
  const present = new Set(filterNicLinks(links).map(({ mac }) => mac));
  const managedMacs = files.filter(isManaged).flatMap(({ path }) => macOfManagedPath(path) ?? []);
  const missing = [...new Set(managedMacs)].filter((mac) => !present.has(mac));
  return missing.map((mac) => ({ mac, ...(neverRemoved(mac, facts) ?? classifyNic(mac, facts)) }));
}

type Presence = Omit<NicPresence, "mac">;

function neverRemoved(mac: string, { files, records, unmanaged }: RemovalFacts): Presence | null {
  const managedNic = parseManagedNics(files).find((each) => each.mac === mac);
  const name = records.find((record) => record.mac === mac)?.name;
  const listed = findUnmanagedEntry(unmanaged, [mac, managedNic?.eniId, name]);
  if (listed !== null) return { presence: "unknown", reason: `${unmanagedPath} lists ${listed}` };
  if (managedNic?.isPrimary !== true) return null;
  return { presence: "unknown", reason: "it is the primary, which cannot be detached" };
}

function classifyNic(mac: string, facts: RemovalFacts): Presence {
  const { devices, links, records } = facts;
  const record = records.find((each) => each.mac === mac);
  if (record === undefined) return classifyUnrecorded(facts);
  if (record.device === null)
    return { presence: "gone", reason: "its link is gone, and it had no device on a bus" };
  const { address, inode } = record.device;
  const device = devices.find((each) => each.address === address);
  if (device === undefined)
    return { presence: "gone", reason: `the device ${address} is no longer on its bus` };
  if (device.inode !== inode)
    return { presence: "gone", reason: `${address} is another device now` };
  const other = macOfDevice(device, links);
  const reason =
    other === null ? missingLinkReason(device) : `${address} is on its bus, with MAC ${other}`;
  return { presence: "on-bus", reason };
}

function classifyUnrecorded({ devices, links, files }: RemovalFacts): Presence {
  const known = new Set(files.filter(isManaged).map(({ path }) => macOfManagedPath(path)));
  const unknownDevices = devices.filter((device) => !known.has(macOfDevice(device, links)));
  if (unknownDevices.length === 0)
    return { presence: "gone", reason: "every device is another configured NIC" };
  const addresses = unknownDevices.map(({ address }) => address).join(" or ");
  const reason = `perhaps the NIC is the device ${addresses}, for which ec2nic has no file`;
  return { presence: "unknown", reason };
}

/** The MAC of a device's link; null if the device has no link, or if the link just disappeared. */
function macOfDevice(device: BusDevice, links: readonly Link[]): string | null {
  const deviceLinks = links.filter(({ name }) => device.links.includes(name));
  return deviceLinks.map(({ mac }) => mac).find((mac) => mac !== null) ?? null;
}

function missingLinkReason({ address, driver }: BusDevice): string {
  if (driver === null) return `${address} is on its bus without a driver`;
  return `${address} is on its bus (${driver}), but has no link here`;
}

/**
 * The MACs that IMDS lists although no NIC here can have them: no link has the MAC, and every
 * device on the buses is another listed NIC. IMDS lists an ENI for seconds after it was detached
 * (VPC CNI #1008), and also before its device appears, whose event then configures it. The result
 * is empty if a device has no link, if IMDS does not list a device's MAC (a MAC can be changed), or
 * if no bus is visible. The primary is never included, because it cannot be detached.
 */
export function findAbsentEnis(
  listed: readonly Pick<IncompleteEni, "mac" | "isPrimary">[],
  { links, devices }: Pick<RemovalFacts, "links" | "devices">,
): readonly string[] {
  const known = new Set(listed.map(({ mac }) => mac));
  const deviceMacs = devices.map((device) => macOfDevice(device, links));
  const isUnknown = (mac: string | null): boolean => mac === null || !known.has(mac);
  if (devices.length === 0 || deviceMacs.some(isUnknown)) return [];
  const present = new Set(links.map(({ mac }) => mac));
  const absent = listed.filter(({ mac, isPrimary }) => !isPrimary && !present.has(mac));
  return absent.map(({ mac }) => mac);
}
