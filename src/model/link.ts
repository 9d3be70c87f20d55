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
export type KnownLink = Link & { readonly mac: string };

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
