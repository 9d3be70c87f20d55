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

/** Every path that a hook of ours can have: what is taken away again is looked for there. */
export const dhcpHookPaths = {
  dhclient: ["/etc/dhcp/dhclient-exit-hooks.d"],
  // Debian and Arch, Debian before its /usr was merged, Fedora and Alpine
  dhcpcd: ["/usr/lib/dhcpcd/dhcpcd-hooks", "/lib/dhcpcd/dhcpcd-hooks", "/usr/libexec/dhcpcd-hooks"],
  // Debian; busybox's own, which Alpine and Buildroot keep
  udhcpc: ["/etc/udhcpc/default.script", "/usr/share/udhcpc/default.script"],
  networkManager: ["/etc/NetworkManager/dispatcher.d"],
} as const;
