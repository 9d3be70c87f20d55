import type { Host } from "../../host/host.ts";
import { readText } from "../read-file.ts";
import { parseMac } from "../../model/ip.ts";
import type { Link, LinkKind } from "../../model/link.ts";
import { compareNaturally } from "../../model/text.ts";

const sysClassNet = "/sys/class/net";

/**
 * The machine's links, in natural order of their names. One that goes away while it is read is left
 * out. Source: https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-class-net
 */
export async function readLinks(host: Pick<Host, "files">): Promise<readonly Link[]> {
  const names = await host.files.list(sysClassNet);
  const links = await Promise.all(names.map((name) => readLinkUnlessGone(host, name)));
  return links
    .filter((link) => link !== null)
    .toSorted((left, right) => compareNaturally(left.name, right.name));
}

/** A read of a link that just left fails with ENODEV, EINVAL or ENOENT: only what is left counts. */
async function readLinkUnlessGone(host: Pick<Host, "files">, name: string): Promise<Link | null> {
  const link = await readLink(host, name).catch(async (error: unknown) => {
    if ((await host.files.stat(`${sysClassNet}/${name}`)) === null) return null;
    throw error;
  });
  return link;
}

async function readLink(host: Pick<Host, "files">, name: string): Promise<Link | null> {
  const path = `${sysClassNet}/${name}`;
  // `bonding_masters` lies in the same folder and is a file.
  if ((await host.files.stat(path))?.kind === "file") return null;
  const text = async (file: string) => (await readText(host, `${path}/${file}`))?.trim() ?? null;
  const [children, type, flags, uevent, address, permanent, device, driver] = await Promise.all([
    host.files.list(path),
    text("type"),
    text("flags"),
    text("uevent"),
    text("address"),
    text("bonding_slave/perm_hwaddr"),
    host.files.readLink(`${path}/device`),
    host.files.readLink(`${path}/device/driver`),
  ]);
  if (type === null) return null;
  return {
    name,
    // A bond gives its own address to its slaves, so that they all look alike.
    mac: parseLinkMac(permanent ?? address ?? ""),
    kind: determineLinkKind({ children, type, flags, uevent, hasDevice: device !== null }),
    driver: baseName(driver),
    busAddress: baseName(device),
  };
}

/** All zeros is what `lo` and some tunnels have in place of an address. */
function parseLinkMac(text: string): string | null {
  const mac = parseMac(text);
  return mac === "00:00:00:00:00:00" ? null : mac;
}

function baseName(path: string | null): string | null {
  return path?.split("/").at(-1) ?? null;
}

/** What `/sys/class/net/NAME` shows of a link. */
interface LinkTraits {
  /** The names in its folder. */
  readonly children: readonly string[];
  /** ARPHRD number: 1 Ethernet, 772 loopback. */
  readonly type: string;
  /** IFF bits, as `0x1003`. */
  readonly flags: string | null;
  readonly uevent: string | null;
  readonly hasDevice: boolean;
}

const ethernet = "1";

const loopback = "772";

/** include/uapi/linux/if.h; dummy and ifb carry it, which are Ethernet with nothing behind. */
const IFF_NOARP = 0x80;

const kindByDevtype: Readonly<Record<string, LinkKind>> = {
  bridge: "bridge",
  bond: "bond",
  vlan: "vlan",
  macvlan: "macvlan",
  ipvlan: "macvlan",
  vxlan: "tunnel",
  geneve: "tunnel",
  wireguard: "tunnel",
  ppp: "tunnel",
  vrf: "other",
};

/**
 * The kind of a link. A veth says nowhere in sysfs that it is one, and the number of its peer
 * (`iflink`) may equal its own when the peer lies in another namespace: it is what remains of plain
 * Ethernet without a device, when everything that tells itself apart is taken away.
 */
function determineLinkKind(traits: LinkTraits): LinkKind {
  const { children, type, uevent, hasDevice } = traits;
  if (type === loopback) return "loopback";
  const devtype = /^DEVTYPE=(.*)$/m.exec(uevent ?? "")?.[1];
  const known = devtype === undefined ? undefined : kindByDevtype[devtype];
  if (known !== undefined) return known;
  if (children.includes("bridge")) return "bridge";
  if (children.includes("bonding")) return "bond";
  if (hasDevice) return "device";
  if (children.includes("tun_flags") || type !== ethernet) return "tunnel";
  // macvlan and ipvlan have no DEVTYPE on several kernels; what lies below them has a link here.
  if (children.some((name) => name.startsWith("lower_"))) return "macvlan";
  const noArp = (Number(traits.flags ?? 0) & IFF_NOARP) !== 0;
  return noArp || devtype !== undefined ? "other" : "veth";
}
