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
export const dhcpHookFolders: readonly string[] = [
  ...dhcpHookPaths.dhclient,
  ...dhcpHookPaths.dhcpcd,
  ...dhcpHookPaths.networkManager,
  "/etc/udhcpc",
];
