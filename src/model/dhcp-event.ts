/** What tells us of its leases; networkd has no hook, but a file for each lease. */
export const dhcpClients = ["dhclient", "dhcpcd", "udhcpc", "network-manager", "networkd"] as const;
export type DhcpClientName = (typeof dhcpClients)[number];

/** What a DHCP client has just done, as its hook is told. */
export type DhcpEvent = BoundEvent | ReleasedEvent | IrrelevantEvent;

interface Told {
  readonly client: DhcpClientName;
  /** The client's own word for it, for people: `dhclient: BOUND`. */
  readonly why: string;
}

/** The NIC has this lease, new or once more. */
export interface BoundEvent extends Told {
  readonly kind: "bound";
  /** The link's name. */
  readonly nic: string;
  readonly lease: DhcpLease;
}

/** The NIC has no lease any more. */
export interface ReleasedEvent extends Told {
  readonly kind: "released";
  readonly nic: string;
  /** The one that it had; null: the client does not say. */
  readonly address: string | null;
}

/** Nothing that an IPv4 address depends on. */
export interface IrrelevantEvent extends Told {
  readonly kind: "irrelevant";
}

/** What a DHCP server says of an address. It may be anybody's server: nothing of it is trusted. */
export interface DhcpLease {
  /** Canonical IPv4. */
  readonly address: string;
  /** The network that it lies in, as a canonical CIDR. */
  readonly subnet: string;
  /** In the server's order. */
  readonly routers: readonly string[];
  /** Bytes; null: it says none. The client puts it on the link, not we. */
  readonly mtu: number | null;
  /** null: it says none, or for ever. */
  readonly leaseSeconds: number | null;
}
