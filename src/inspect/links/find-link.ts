import type { FileHost, Host } from "../../host/host.ts";
import type { LinkSelector } from "../../model/hotplug.ts";
import type { Link } from "../../model/link.ts";
import { baseName } from "../../model/text.ts";
import { findExisting } from "../read-file.ts";
import { readLinks } from "./links.ts";

/** `reason` says what has not appeared, or what was removed again. */
type FoundLink =
  | { readonly kind: "found"; readonly link: Link }
  | { readonly kind: "not-found"; readonly reason: string };

const linkPollMs = 20;

/**
 * Waits for the link of an event to appear, at most until `deadlineMs` (on `Clock.now`). udev
 * renames a link while it handles the event, so the link can have its old or its new name. If the
 * device was removed, returns at once, because the removal has an event of its own. Rejects with
 * the reason of `host.signal` when that fires.
 */
export async function findLink(
  host: Pick<Host, "clock" | "files" | "log" | "signal">,
  selector: LinkSelector,
  deadlineMs: number,
): Promise<FoundLink> {
  for (let tries = 1; ; tries += 1) {
    const isLast = host.clock.now() >= deadlineMs;
    const found = await tryFindLink(host, selector, isLast);
    if (found.kind === "found" || found.isFinal || isLast) {
      host.log.waiting(null);
      return found;
    }
    host.log.waiting({ what: "the NIC's link", reason: found.reason, tries, deadlineMs });
    await host.clock.sleep(linkPollMs, host.signal);
  }
}

type LinkLookup =
  | Extract<FoundLink, { kind: "found" }>
  | (Extract<FoundLink, { kind: "not-found" }> & { readonly isFinal: boolean });

async function tryFindLink(
  host: FileHost,
  selector: LinkSelector,
  isLast: boolean,
): Promise<LinkLookup> {
  if (selector.kind === "name") {
    return findByName(host, [selector.name], `there is no link called ${selector.name}`);
  }
  if (selector.kind === "mac") return findByMac(host, selector.mac);
  const path = selector.kind === "bus" ? await findOnBus(host, selector.address) : selector.path;
  const label = selector.kind === "bus" ? selector.address : baseName(selector.path);
  if (path === null || (await host.files.stat(`/sys${path}`)) === null) {
    return notFound(`${label} is gone again`, true);
  }
  const names = isVirtualLink(path) ? [label] : await listDeviceLinks(host, `/sys${path}`);
  const newName = selector.kind === "device" ? selector.name : null;
  if (newName !== null && !names.includes(newName) && !isLast) {
    return notFound(`${label} is not yet renamed to ${newName}`);
  }
  return findByName(host, names, `${label} has no link`);
}

function notFound(reason: string, isFinal = false): LinkLookup {
  return { kind: "not-found", reason, isFinal };
}

/** Prefers a link with a device, then a veth, because a VLAN or a bond may have the same MAC. */
async function findByMac(host: FileHost, mac: string): Promise<LinkLookup> {
  const links = (await readLinks(host)).filter((link) => link.mac === mac);
  const [link] = ["device", "veth"].flatMap((wanted) =>
    links.filter(({ kind }) => kind === wanted),
  );
  return link === undefined ? notFound(`no link has the MAC ${mac}`) : { kind: "found", link };
}

async function findByName(
  host: FileHost,
  names: readonly string[],
  reason: string,
): Promise<LinkLookup> {
  const links = names.length === 0 ? [] : await readLinks(host);
  const link = links.find(({ name }) => names.includes(name));
  return link === undefined ? notFound(reason) : { kind: "found", link };
}

/** Whether this is the path of a link without a device. Its last part is then the link's name. */
function isVirtualLink(path: string): boolean {
  return path.startsWith("/devices/virtual/net/");
}

/** The path of a device below `/sys`; null if no bus has a device with this address. */
async function findOnBus(host: FileHost, address: string): Promise<string | null> {
  const buses = ["pci", "xen", "virtio"];
  const found = await findExisting(
    host,
    buses.map((bus) => `/sys/bus/${bus}/devices/${address}`),
  );
  return found?.slice("/sys".length) ?? null;
}

/**
 * The names of a device's links, sorted. ENA, ixgbevf and Xen's vif have `net/` directly below the
 * device; virtio has another device in between.
 */
export async function listDeviceLinks(host: FileHost, device: string): Promise<readonly string[]> {
  const children = await host.files.list(device);
  const virtioChildren = children.filter((name) => /^virtio\d+$/.test(name));
  const directories = [device, ...virtioChildren.map((name) => `${device}/${name}`)];
  const found = await Promise.all(directories.map((each) => host.files.list(`${each}/net`)));
  return found.flat().toSorted();
}
