/** The DHCP clients that report leases: networkd in a file for each lease, the others to hooks. */
export const dhcpClients = ["dhclient", "dhcpcd", "udhcpc", "network-manager", "networkd"] as const;

export type DhcpClientName = (typeof dhcpClients)[number];

/** What a DHCP client has just done, as it reports it to its hook. */
export type DhcpEvent = BoundEvent | ReleasedEvent | IrrelevantEvent;

interface DhcpEventBase {
  readonly client: DhcpClientName;
  /** The client's own name of the event, for messages: `dhclient: BOUND`. */
  readonly summary: string;
}

/** The NIC has this lease, new or renewed. */
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
  /** The address of the lease; null if the client does not report it. */
  readonly address: string | null;
}

/** An event that changes no IPv4 lease. */
interface IrrelevantEvent extends DhcpEventBase {
  readonly kind: "irrelevant";
}

/** A lease from a DHCP server. Any machine can act as one, so nothing in the lease is trusted. */
export interface DhcpLease {
  /** Canonical IPv4. */
  readonly address: string;
  /** The network of the address, as a canonical CIDR. */
  readonly subnet: string;
  /** In the server's order. */
  readonly routers: readonly string[];
  /** In bytes; null if not given. The client sets the MTU, ec2nic does not. */
  readonly mtu: number | null;
  /** null if not given, or if the lease has no end. */
  readonly leaseSeconds: number | null;
}

/** A lease of systemd-networkd, as in its file. */
export interface NetworkdLease {
  /** The link's name. */
  readonly nic: string;
  /** `KEY=value` lines. */
  readonly text: string;
}

/** Where ec2nic can install a hook for each DHCP client; null if the client is not installed. */
export interface DhcpHookFacts {
  /** The directory of exit hooks. */
  readonly dhclient: string | null;
  /** The package's directory of hooks: the admin's `/etc/dhcpcd.exit-hook` is a single file. */
  readonly dhcpcd: string | null;
  /** The script that the machine runs for udhcpc. */
  readonly udhcpc: string | null;
  /** The directory of dispatcher scripts. */
  readonly networkManager: string | null;
  readonly hasNetworkd: boolean;
}

/** A client is installed if one of its paths exists; the first that exists is for the hook. */
export const dhcpHookPaths = {
  dhclient: ["/etc/dhcp/dhclient-exit-hooks.d"],
  // Debian and Arch, Debian before its /usr was merged, Fedora and Alpine
  dhcpcd: ["/usr/lib/dhcpcd/dhcpcd-hooks", "/lib/dhcpcd/dhcpcd-hooks", "/usr/libexec/dhcpcd-hooks"],
  // Debian; busybox's default, which Alpine and Buildroot keep
  udhcpc: ["/etc/udhcpc/default.script", "/usr/share/udhcpc/default.script"],
  networkManager: ["/etc/NetworkManager/dispatcher.d"],
} as const;

/** Our script for udhcpc: it runs the machine's own script, and then ec2nic. */
export const udhcpcHookPath = "/etc/udhcpc/ec2nic.script";

/** Every directory that can contain a hook of ec2nic. `--uninstall` looks in all of them. */
export const dhcpHookDirectories: readonly string[] = [
  ...dhcpHookPaths.dhclient,
  ...dhcpHookPaths.dhcpcd,
  ...dhcpHookPaths.networkManager,
  "/etc/udhcpc",
];
