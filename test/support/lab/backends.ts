/** Who configures the network of a guest; `netplan` and `networkd` with systemd-resolved. */
export const labBackends = ["netplan", "networkd", "network-manager"] as const;
export type LabBackend = (typeof labBackends)[number];

interface FirstBoot {
  readonly files: Readonly<Record<string, { readonly content: string; readonly mode: number }>>;
  /** Run in the guest's root before its init, `sh -eu`. */
  readonly script: string;
}

const enable = (...units: readonly string[]): string =>
  `export SYSTEMD_OFFLINE=1\nsystemctl --quiet enable ${units.join(" ")}\n`;

/** As on a Debian that never had systemd-resolved; by its link NetworkManager leaves DNS alone. */
const withoutResolved = `rm -f /etc/resolv.conf /usr/sbin/resolvconf
mkdir -p /etc/tmpfiles.d
ln -s /dev/null /etc/tmpfiles.d/systemd-resolve.conf
`;

const netplan = `network:
  version: 2
  ethernets:
    all-en:
      match:
        name: "en*"
      dhcp4: true
      dhcp6: true
`;

const networkd = `[Match]
Name=ens*

[Network]
DHCP=yes
`;

/** What an image has before anything of ours: DHCP on whatever is there. */
export const firstBoots: Readonly<Record<LabBackend, FirstBoot>> = {
  netplan: {
    files: { "/etc/netplan/50-image.yaml": { content: netplan, mode: 0o600 } },
    script: enable("systemd-networkd.service", "systemd-resolved.service"),
  },
  networkd: {
    files: { "/etc/systemd/network/99-image.network": { content: networkd, mode: 0o644 } },
    script: enable("systemd-networkd.service", "systemd-resolved.service"),
  },
  "network-manager": {
    files: {},
    script: `${withoutResolved}${enable("NetworkManager.service", "NetworkManager-dispatcher.service")}`,
  },
};
