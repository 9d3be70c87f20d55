import type { BusDevice, Link } from "../../model/link.ts";
import type { ExistingFile } from "../../model/plan.ts";
import type { NicNote } from "../../model/nic-records.ts";
import { macOfOwnPath, unmanagedPath } from "../../model/managed-paths.ts";
import { nicsAmong } from "../config/match-nics.ts";
import { isOurs, ownNics } from "../files/managed-nics.ts";

/**
 * What became of a NIC of ours that has no link. `gone`: its device left the bus, its configuration
 * may go. `on-bus`: its driver was unloaded, or a container has its link. `unknown`: cannot be told.
 */
export interface RemovalVerdict {
  readonly mac: string;
  readonly verdict: "gone" | "on-bus" | "unknown";
  readonly why: string;
}

interface RemovalFacts {
  readonly files: readonly ExistingFile[];
  readonly links: readonly Link[];
  readonly devices: readonly BusDevice[];
  readonly notes: readonly NicNote[];
  /** What the admin lists: MACs, names, ENI ids. */
  readonly unmanaged: ReadonlySet<string>;
}

/**
 * For each NIC that has files of ours and no link: is its device gone? The kernel alone decides;
 * what IMDS says or fails to say is no fact here. Where nothing could be read of the links, nothing
 * is judged. In the order of `files`.
 *
 * A device whose link is not here shows no MAC, so the notes say which NIC it is. A noted device that
 * has left and come back has been swapped; one that has been there all the time is that NIC, whatever
 * MAC it shows: a MAC can be set. Without a note, a NIC is gone only where every device shows a link
 * that is some other NIC of ours: nothing is left that it could be. A NIC that came back elsewhere
 * while no driver is loaded counts as gone: its link will be an event, and is configured then. The
 * primary cannot be detached, and what an admin lists is left alone: neither is ever gone.
 */
export function judgeRemoval(facts: RemovalFacts): readonly RemovalVerdict[] {
  if (facts.links.length === 0) return [];
  const present = new Set(nicsAmong(facts.links).map(({ mac }) => mac));
  const own = facts.files.filter(isOurs).flatMap(({ path }) => macOfOwnPath(path) ?? []);
  const missing = [...new Set(own)].filter((mac) => !present.has(mac));
  return missing.map((mac) => ({ mac, ...(whyNever(mac, facts) ?? judge(mac, facts)) }));
}

type Judgement = Omit<RemovalVerdict, "mac">;

function whyNever(mac: string, { files, notes, unmanaged }: RemovalFacts): Judgement | null {
  const own = ownNics(files).find((each) => each.mac === mac);
  const name = notes.find((note) => note.mac === mac)?.name;
  const listed = [mac, own?.eniId, name].find((word) => word && unmanaged.has(word));
  if (listed !== undefined) return { verdict: "unknown", why: `${unmanagedPath} lists ${listed}` };
  if (own?.isPrimary !== true) return null;
  return { verdict: "unknown", why: "it is the primary, which cannot be detached" };
}

function judge(mac: string, facts: RemovalFacts): Judgement {
  const { devices, links, notes } = facts;
  const note = notes.find((each) => each.mac === mac);
  if (note === undefined) return judgeUnnoted(facts);
  if (note.device === null) return { verdict: "gone", why: "its link is gone, and was all it had" };
  const { address, node } = note.device;
  const device = devices.find((each) => each.address === address);
  if (device === undefined) return { verdict: "gone", why: `${address} left the bus` };
  if (device.node !== node) return { verdict: "gone", why: `${address} is another device now` };
  const other = macOf(device, links);
  const why = other === null ? whyNoLink(device) : `${address} is on its bus, and shows ${other}`;
  return { verdict: "on-bus", why };
}

function judgeUnnoted({ devices, links, files }: RemovalFacts): Judgement {
  const known = new Set(files.filter(isOurs).map(({ path }) => macOfOwnPath(path)));
  const open = devices.filter((device) => !known.has(macOf(device, links)));
  if (open.length === 0) return { verdict: "gone", why: "no device is left that it could be" };
  const named = open.map(({ address }) => address).join(", ");
  return { verdict: "unknown", why: `it may be ${named}, which shows no link of ours` };
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

interface Listed {
  readonly mac: string;
  readonly isPrimary: boolean;
}

/**
 * Which of these MACs, that IMDS lists, no NIC here can have: none has it, and every device on the
 * machine's buses is some other that it lists. IMDS lists an ENI for seconds after it was detached
 * (VPC CNI #1008), and before its device comes, whose event configures it. Where a device shows no
 * link, or a MAC that IMDS does not know (one can be set), or there is no bus to be seen, nothing is
 * said of any; of the primary, which cannot be detached, never.
 */
export function whoIsAbsent(
  listed: readonly Listed[],
  { links, devices }: { readonly links: readonly Link[]; readonly devices: readonly BusDevice[] },
): readonly string[] {
  const known = new Set(listed.map(({ mac }) => mac));
  const shown = devices.map((device) => macOf(device, links));
  const isAllSeen = devices.length > 0 && shown.every((mac) => mac !== null && known.has(mac));
  if (!isAllSeen) return [];
  const present = new Set(links.map(({ mac }) => mac));
  return listed
    .filter(({ mac, isPrimary }) => !isPrimary && !present.has(mac))
    .map(({ mac }) => mac);
}
