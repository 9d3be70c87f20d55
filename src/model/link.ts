/** A network interface as the kernel shows it in `/sys/class/net`. */
export interface Link {
  readonly name: string;
  /** Canonical; null if the link has none (tunnels). */
  readonly mac: string | null;
  readonly kind: LinkKind;
  /** The kernel driver of its device (`ena`, `virtio_net`, …); null if it has no device. */
  readonly driver: string | null;
  /** The name of its device on the bus (`0000:00:05.0`, `vif-1`); null if it has none. */
  readonly busAddress: string | null;
}

/** A link that has a MAC, as every NIC does. */
export type LinkWithMac = Link & { readonly mac: string };

/**
 * `device`: a NIC with a device. `veth`: one end of a pair, which replaces a NIC in containers and
 * test benches. All other kinds are built over NICs, or lead nowhere.
 */
export type LinkKind =
  "device" | "veth" | "loopback" | "bridge" | "bond" | "vlan" | "macvlan" | "tunnel" | "other";

/** An address of a link, as the kernel shows it. */
export interface LinkAddress {
  /** The name of the link. */
  readonly nic: string;
  readonly family: "ipv4" | "ipv6";
  /** Without prefix length and zone. */
  readonly address: string;
  readonly prefixLength: number;
  /** The zone of an IPv6 link-local address; otherwise 0. */
  readonly scopeId: number;
  /** It belongs to a temporary lease of this run (`--dhcp`), which is released at its end. */
  readonly isTemporary?: true;
}

/** A link with its state, as far as requests to IMDS depend on it. */
export interface LinkState extends Link {
  /** IFF_UP is set. */
  readonly isUp: boolean;
  /** `carrier`; false if the link is down, because the kernel then does not report it. */
  readonly hasCarrier: boolean;
  /** The bond, bridge or VRF that the link belongs to; null if there is none. */
  readonly master: string | null;
  /** The addresses of this link; empty if it has no carrier. */
  readonly addresses: readonly LinkAddress[];
}

/** The links that may lead to IMDS, best first, and the other links. */
export interface Ranking {
  readonly candidates: readonly RankedLink[];
  readonly others: readonly RejectedLink[];
}

export interface RankedLink {
  readonly link: LinkState;
  /** 1 is the best. */
  readonly rank: number;
  /** Why it has this rank: `carrier, an address of its own, driver ena`. */
  readonly reason: string;
}

export interface RejectedLink {
  readonly link: LinkState;
  /** `a bridge`, `belongs to bond0` */
  readonly reason: string;
}

/** A device of the class NIC on a bus, with or without a driver. */
export interface BusDevice {
  /** Its name on the bus: `0000:00:06.0`, `vif-1`, `virtio3`. */
  readonly address: string;
  /** The inode of its entry on the bus. A device that has left and come back has another inode. */
  readonly inode: number;
  /** null if the device has no driver. */
  readonly driver: string | null;
  /** The names of its links in this network namespace; empty without a driver. */
  readonly links: readonly string[];
}

/**
 * The address from which to send to `address`: the first of the same family, but a link-local one
 * only if there is no other (RFC 6724); null if there is none.
 */
export function chooseSource(address: string, sources: readonly LinkAddress[]): LinkAddress | null {
  const family = address.includes(":") ? "ipv6" : "ipv4";
  const sameFamily = sources.filter((candidate) => candidate.family === family);
  return sameFamily.find(({ scopeId }) => scopeId === 0) ?? sameFamily[0] ?? null;
}

/** The network card and device number of an attached NIC when it was configured. */
export interface OccupiedSlot {
  readonly mac: string;
  /** The name of its link. */
  readonly name: string;
  readonly networkCard: number;
  readonly deviceNumber: number;
}
