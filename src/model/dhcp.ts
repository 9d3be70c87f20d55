/** What tells us of its leases; networkd has no hook, but a file for each lease. */
export const dhcpClients = ["dhclient", "dhcpcd", "udhcpc", "network-manager", "networkd"] as const;

export type DhcpClientName = (typeof dhcpClients)[number];

/** What a DHCP client has just done, as its hook is told. */
export type DhcpEvent = BoundEvent | ReleasedEvent | IrrelevantEvent;

interface DhcpEventBase {
  readonly client: DhcpClientName;
  /** The client's own word for it, for people: `dhclient: BOUND`. */
  readonly summary: string;
}

/** The NIC has this lease, new or once more. */
export interface BoundEvent extends DhcpEventBase {
  readonly kind: "bound";
  /** The link's name. */
  readonly nic: string;
  readonly lease: DhcpLease;
}

/** The NIC has no lease any more. */
interface ReleasedEvent extends DhcpEventBase {
  readonly kind: "released";
  readonly nic: string;
  /** The one that it had; null: the client does not say. */
  readonly address: string | null;
}

/** Nothing that an IPv4 address depends on. */
interface IrrelevantEvent extends DhcpEventBase {
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

/** A lease of systemd-networkd's, as its file has it. */
export interface NetworkdLease {
  /** The link's name. */
  readonly nic: string;
  /** `KEY=value` lines. */
  readonly text: string;
}

/** The DHCP clients of this machine, and where their hooks go; null: the client is not here. */
export interface DhcpHookFacts {
  /** Its folder of exit hooks. */
  readonly dhclient: string | null;
  /** Its folder of hooks: the package's own, since the admin's `/etc/dhcpcd.exit-hook` is one file. */
  readonly dhcpcd: string | null;
  /** The script that the machine runs for it. */
  readonly udhcpc: string | null;
  /** Its folder of dispatcher scripts. */
  readonly networkManager: string | null;
  readonly hasNetworkd: boolean;
}

/** Where each client shows that it is here; the first that is there counts. */
export const dhcpHookPaths = {
  dhclient: ["/etc/dhcp/dhclient-exit-hooks.d"],
  // Debian and Arch, Debian before its /usr was merged, Fedora and Alpine
  dhcpcd: ["/usr/lib/dhcpcd/dhcpcd-hooks", "/lib/dhcpcd/dhcpcd-hooks", "/usr/libexec/dhcpcd-hooks"],
  // Debian; busybox's own, which Alpine and Buildroot keep
  udhcpc: ["/etc/udhcpc/default.script", "/usr/share/udhcpc/default.script"],
  networkManager: ["/etc/NetworkManager/dispatcher.d"],
} as const;

/** Our place for udhcpc's script: it runs the machine's own, and then us. */
export const udhcpcHookPath = "/etc/udhcpc/ec2nic.script";

/** Every folder that a hook of ours can lie in: what is taken away again is looked for there. */
export const dhcpHookDirectories: readonly string[] = [
  ...dhcpHookPaths.dhclient,
  ...dhcpHookPaths.dhcpcd,
  ...dhcpHookPaths.networkManager,
  "/etc/udhcpc",
];
