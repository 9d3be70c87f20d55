import type { FileHost } from "../../host/host.ts";
import { parseMac } from "../../model/ip.ts";
import type { Link, LinkKind } from "../../model/link.ts";
import { baseName, compareNaturally } from "../../model/text.ts";
import { readText, unlessGone } from "../read-file.ts";

const sysClassNet = "/sys/class/net";

/**
 * The machine's links, sorted so that `ens10` follows `ens9`. A link that disappears during the
 * read is left out. https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-class-net
 */
export async function readLinks(host: FileHost): Promise<readonly Link[]> {
  const names = await host.files.list(sysClassNet);
  const links = await Promise.all(
    names.map((name) => unlessGone(host, `${sysClassNet}/${name}`, () => readLink(host, name))),
  );
  return links
    .filter((link) => link !== null)
    .toSorted((left, right) => compareNaturally(left.name, right.name));
}

async function readLink(host: FileHost, name: string): Promise<Link | null> {
  const path = `${sysClassNet}/${name}`;
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
  // `bonding_masters` is a file in the same directory
  if (type === null) return null;
  return {
    name,
    // a bond gives its own address to its slaves
    mac: parseLinkMac(permanent ?? address ?? ""),
    kind: determineLinkKind({ children, type, flags, uevent, hasDevice: device !== null }),
    driver: driver === null ? null : baseName(driver),
    busAddress: device === null ? null : baseName(device),
  };
}

/** The MAC of a link; null if it is all zeros, as for `lo` and some tunnels. */
function parseLinkMac(text: string): string | null {
  const mac = parseMac(text);
  return mac === "00:00:00:00:00:00" ? null : mac;
}

/** What `/sys/class/net/NAME` shows about a link. */
interface LinkTraits {
  /** The names in the link's directory. */
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

/** include/uapi/linux/if.h. dummy and ifb have it set; they are Ethernet without a device. */
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
 * The kind of a link. Nothing in sysfs identifies a veth: its peer's number (`iflink`) can equal
 * its own number if the peer is in another namespace. Therefore an Ethernet link without a device
 * counts as a veth if it is none of the kinds that can be identified.
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
  // macvlan and ipvlan have no DEVTYPE on several kernels; `lower_NAME` is the link below them
  if (children.some((name) => name.startsWith("lower_"))) return "macvlan";
  const noArp = (Number(traits.flags ?? 0) & IFF_NOARP) !== 0;
  return noArp || devtype !== undefined ? "other" : "veth";
}
