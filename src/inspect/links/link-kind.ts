import type { LinkKind } from "../../model/link.ts";

/** What `/sys/class/net/NAME` shows of a link. */
export interface LinkTraits {
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

const kindOfDevtype: Readonly<Record<string, LinkKind>> = {
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
export function linkKind(traits: LinkTraits): LinkKind {
  const { children, type, uevent, hasDevice } = traits;
  if (type === loopback) return "loopback";
  const devtype = /^DEVTYPE=(.*)$/m.exec(uevent ?? "")?.[1];
  const known = devtype === undefined ? undefined : kindOfDevtype[devtype];
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
