/** A network interface as the kernel shows it in `/sys/class/net`. */
export interface Link {
  readonly name: string;
  /** Canonical; null where the link has none (tunnels). */
  readonly mac: string | null;
  readonly kind: LinkKind;
  /** The kernel driver below it (`ena`, `virtio_net`, …); null where no device is behind it. */
  readonly driver: string | null;
  /** Its device's name on the bus (`0000:00:05.0`, `vif-1`); null where there is none. */
  readonly busAddress: string | null;
}

/** A link that has a MAC, as every NIC does. */
export type LinkWithMac = Link & { readonly mac: string };

/**
 * `device`: a NIC with a device behind it. `veth`: one end of a pair, which stands in for a NIC in
 * containers and test benches. Everything else is built over NICs or beside them.
 */
export type LinkKind =
  "device" | "veth" | "loopback" | "bridge" | "bond" | "vlan" | "macvlan" | "tunnel" | "other";

/** An address that a link has, as the kernel tells it. */
export interface LinkAddress {
  /** The name of the link. */
  readonly nic: string;
  readonly family: "ipv4" | "ipv6";
  /** Without a prefix length and without a zone. */
  readonly address: string;
  readonly prefixLength: number;
  /** IPv6 link-local addresses mean nothing without it; 0 elsewhere. */
  readonly scopeId: number;
  /** Lent for this run (`--dhcp`): it is gone when the run is over. */
  readonly isTemporary?: true;
}

/** What a link is doing at this moment, as far as asking IMDS through it depends on it. */
export interface LinkState extends Link {
  /** Somebody has switched it on (IFF_UP). */
  readonly isUp: boolean;
  /** Something is at the other end (`carrier`); false while it is down, when the kernel won't say. */
  readonly hasCarrier: boolean;
  /** The bond, bridge or VRF it belongs to; null: none. */
  readonly master: string | null;
  /** Its own; empty while it has no carrier. */
  readonly addresses: readonly LinkAddress[];
}

/** The links that IMDS may be asked through, best first, and why not the others. */
export interface Ranking {
  readonly candidates: readonly RankedLink[];
  readonly others: readonly RejectedLink[];
}

export interface RankedLink {
  readonly link: LinkState;
  /** 1 is the best. */
  readonly rank: number;
  /** What its rank comes from, in words: `carrier, an address of its own, driver ena`. */
  readonly reason: string;
}

export interface RejectedLink {
  readonly link: LinkState;
  /** `a bridge`, `belongs to bond0` */
  readonly reason: string;
}

/** A device on a bus that is a NIC by its class, whether or not a driver has it. */
export interface BusDevice {
  /** Its name on the bus: `0000:00:06.0`, `vif-1`, `virtio3`. */
  readonly address: string;
  /** The inode of its entry on the bus: another one when it has left and come back. */
  readonly inode: number;
  /** null: no driver has it. */
  readonly driver: string | null;
  /**
   * The names of its links, as this network namespace shows them: none without a driver, none for
   * a link that a container has taken.
   */
  readonly links: readonly string[];
}

/**
 * The address of a NIC to ask `address` from: the first of its family, a link-local one only where
 * there is no other (RFC 6724); null: it has none, and nothing can be asked.
 */
export function chooseSource(
  address: string,
  addresses: readonly LinkAddress[],
): LinkAddress | null {
  const family = address.includes(":") ? "ipv6" : "ipv4";
  const sameFamily = addresses.filter((candidate) => candidate.family === family);
  return sameFamily.find(({ scopeId }) => scopeId === 0) ?? sameFamily[0] ?? null;
}

/** The place of a NIC that is here, as it was when that was configured. */
export interface OccupiedSlot {
  readonly mac: string;
  /** Of its link. */
  readonly name: string;
  readonly networkCard: number;
  readonly deviceNumber: number;
}
