import type { Host } from "../../host/host.ts";
import type { Link } from "../../model/link.ts";
import type { LinkSelector } from "../../model/hotplug.ts";
import { readLinks } from "./links.ts";

/** `why`: what was looked for and did not come, or was there and went. */
type FoundLink =
  | { readonly kind: "found"; readonly link: Link }
  | { readonly kind: "not-found"; readonly reason: string };

type FindHost = Pick<Host, "clock" | "files" | "log" | "signal">;

const linkPollMs = 20;

/**
 * The link that an event means, awaited until `deadlineMs` (on `Clock.now`): udev renames it while
 * its event is handled, so that a name of the event may not be there yet, or any more. By device, the
 * name is taken from the device. A device that is gone is not waited for: that is no failure, another
 * event tells of it. Rejects with the signal's reason.
 */
export async function findLink(
  host: FindHost,
  clue: LinkSelector,
  deadlineMs: number,
): Promise<FoundLink> {
  for (let tries = 1; ; tries += 1) {
    const isLast = host.clock.now() >= deadlineMs;
    const found = await tryFindLink(host, clue, isLast);
    if (found.kind === "found" || found.isFinal || isLast) {
      host.log.waiting(null);
      return found;
    }
    host.log.waiting({ what: "the kernel's link", reason: found.reason, tries, deadlineMs });
    await host.clock.sleep(linkPollMs, host.signal);
  }
}

type LinkLookup =
  | Extract<FoundLink, { kind: "found" }>
  | { readonly kind: "not-found"; readonly reason: string; readonly isFinal: boolean };

async function tryFindLink(
  host: Pick<Host, "files">,
  clue: LinkSelector,
  isLast: boolean,
): Promise<LinkLookup> {
  if (clue.kind === "name")
    return findByName(host, [clue.name], `there is no link called ${clue.name}`);
  if (clue.kind === "mac") return findByMac(host, clue.mac);
  const [path, label] =
    clue.kind === "bus" ? await findOnBus(host, clue.address) : splitDevicePath(clue.path);
  if (path === null || (await host.files.stat(path)) === null) {
    return { kind: "not-found", reason: `${label} is gone again`, isFinal: true };
  }
  const names = isVirtualLink(path) ? [label] : await listDeviceLinks(host, path);
  const expectedName = clue.kind === "device" ? clue.name : null;
  if (expectedName !== null && !names.includes(expectedName) && !isLast) {
    return {
      kind: "not-found",
      reason: `${label} is still to become ${expectedName}`,
      isFinal: false,
    };
  }
  return findByName(host, names, `${label} has no link`);
}

/** A MAC may be on a VLAN or a bond too: the NIC is the one with a device, or the only one. */
async function findByMac(host: Pick<Host, "files">, mac: string): Promise<LinkLookup> {
  const links = (await readLinks(host)).filter((link) => link.mac === mac);
  const link = links.find(({ kind }) => kind === "device") ?? links.find(isVeth);
  if (link !== undefined) return { kind: "found", link };
  return { kind: "not-found", reason: `no link has ${mac}`, isFinal: false };
}

function isVeth({ kind }: Link): boolean {
  return kind === "veth";
}

async function findByName(
  host: Pick<Host, "files">,
  names: readonly string[],
  reason: string,
): Promise<LinkLookup> {
  const links = names.length === 0 ? [] : await readLinks(host);
  const link = links.find(({ name }) => names.includes(name));
  return link === undefined
    ? { kind: "not-found", reason, isFinal: false }
    : { kind: "found", link };
}

function splitDevicePath(path: string): readonly [string, string] {
  return [`/sys${path}`, path.slice(path.lastIndexOf("/") + 1)];
}

/** What has no device lies beside all others of its kind: it is the one that is named. */
function isVirtualLink(path: string): boolean {
  return path.startsWith("/sys/devices/virtual/net/");
}

/** The folder of a device on whichever bus has it; null where none does. */
async function findOnBus(
  host: Pick<Host, "files">,
  address: string,
): Promise<readonly [string | null, string]> {
  const paths = ["pci", "xen", "virtio"].map((bus) => `/sys/bus/${bus}/devices/${address}`);
  const stats = await Promise.all(paths.map((path) => host.files.stat(path)));
  return [paths.find((_, at) => stats[at] !== null) ?? null, address];
}

/**
 * The names of the links of a device, sorted. A driver that has the bus device itself (ENA, ixgbevf,
 * Xen's vif) puts `net/` right below it; virtio has a device of its own in between.
 */
export async function listDeviceLinks(
  host: Pick<Host, "files">,
  device: string,
): Promise<readonly string[]> {
  const children = await host.files.list(device);
  const virtioChildren = children.filter((name) => /^virtio\d+$/.test(name));
  const directories = [device, ...virtioChildren.map((name) => `${device}/${name}`)];
  const found = await Promise.all(
    directories.map((directory) => host.files.list(`${directory}/net`)),
  );
  return found.flat().toSorted();
}
