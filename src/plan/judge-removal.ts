import type { BusDevice } from "../net/bus-device.ts";
import type { ExistingFile } from "../net/host-state.ts";
import type { Link } from "../net/link.ts";
import type { NicNote } from "../net/nic-notes.ts";
import { macOfOwnPath } from "../net/own-files.ts";
import { isOurs } from "./retire.ts";

/**
 * What became of a NIC of ours that has no link. `gone`: its device left the bus, its configuration
 * may go. `on-bus`: its driver was unloaded, or a container has its link. `unknown`: cannot be told.
 */
export interface RemovalVerdict {
  readonly mac: string;
  readonly verdict: "gone" | "on-bus" | "unknown";
  readonly why: string;
}

export interface RemovalFacts {
  readonly files: readonly ExistingFile[];
  readonly links: readonly Link[];
  readonly devices: readonly BusDevice[];
  readonly notes: readonly NicNote[];
}

/**
 * For each NIC that has files of ours and no link: is its device gone? The kernel alone decides;
 * what IMDS says or fails to say is no fact here. Where nothing could be read of the links, nothing
 * is judged. In the order of `files`.
 *
 * A device whose link is not here shows no MAC, so the notes say which NIC it is. Without a note, a
 * NIC is gone only where every device shows a link: nothing is left that it could be. A noted device
 * that has left and come back, or now shows another MAC, has been swapped. A NIC that came back elsewhere while no driver is
 * loaded counts as gone: its link will be an event, and is configured then.
 */
export function judgeRemoval(facts: RemovalFacts): readonly RemovalVerdict[] {
  if (facts.links.length === 0) return [];
  const present = new Set(facts.links.map(({ mac }) => mac));
  const own = facts.files.filter(isOurs).flatMap(({ path }) => macOfOwnPath(path) ?? []);
  const missing = [...new Set(own)].filter((mac) => !present.has(mac));
  return missing.map((mac) => ({ mac, ...judge(mac, facts) }));
}

function judge(mac: string, { devices, links, notes }: RemovalFacts): Omit<RemovalVerdict, "mac"> {
  const note = notes.find((each) => each.mac === mac);
  if (note === undefined) return judgeUnnoted(devices, links);
  if (note.device === null) return { verdict: "gone", why: "its link is gone, and was all it had" };
  const { address, node } = note.device;
  const device = devices.find((each) => each.address === address);
  if (device === undefined) return { verdict: "gone", why: `${address} left the bus` };
  if (device.node !== node) return { verdict: "gone", why: `${address} is another device now` };
  const other = macOf(device, links);
  if (other !== null) return { verdict: "gone", why: `${address} is ${other} now` };
  return { verdict: "on-bus", why: whyNoLink(device) };
}

function judgeUnnoted(
  devices: readonly BusDevice[],
  links: readonly Link[],
): Omit<RemovalVerdict, "mac"> {
  const silent = silentDevices(devices, links);
  if (silent.length === 0) return { verdict: "gone", why: "no device is left that it could be" };
  const named = silent.map(({ address }) => address).join(", ");
  return { verdict: "unknown", why: `it may be ${named}, which shows no link here` };
}

/** Those that may be any NIC: none of their links is here. */
export function silentDevices(
  devices: readonly BusDevice[],
  links: readonly Link[],
): readonly BusDevice[] {
  return devices.filter((device) => macOf(device, links) === null);
}

/** The MAC that a device shows; null where it has no link here, or one that has just gone. */
function macOf(device: BusDevice, links: readonly Link[]): string | null {
  const shown = links.filter(({ name }) => device.links.includes(name));
  return shown.map(({ mac }) => mac).find((mac) => mac !== null) ?? null;
}

function whyNoLink({ address, driver }: BusDevice): string {
  if (driver === null) return `${address} is on its bus without a driver`;
  return `${address} is on its bus (${driver}), but has no link here`;
}
