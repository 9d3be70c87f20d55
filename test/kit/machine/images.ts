/** What an image has before anything of ours, for each backend: DHCP on whatever is there. */
export const images = {
  networkd: {
    enable: ["systemd-networkd.service"],
    files: {
      "/etc/systemd/network/99-image.network": "[Match]\nName=ens*\n\n[Network]\nDHCP=yes\n",
    },
  },
  netplan: {
    enable: ["systemd-networkd.service"],
    files: {
      "/etc/netplan/50-image.yaml": {
        content:
          'network:\n  version: 2\n  ethernets:\n    all-en:\n      match:\n        name: "en*"\n      dhcp4: true\n      dhcp6: true\n',
        mode: 0o600,
      },
    },
  },
  "network-manager": { enable: ["NetworkManager.service"], files: {} },
} as const;

/**
 * The same, in which a NIC that nobody has configured yet is no way out: netplan and NetworkManager
 * give it 100, which is before the primary's 512, and what leaves there from the primary's address is
 * dropped. That is so without ec2nic, too, and not what these images are for.
 */
export const modestImages = {
  networkd: images.networkd,
  netplan: {
    enable: images.netplan.enable,
    files: {
      "/etc/netplan/50-image.yaml": {
        content: images.netplan.files["/etc/netplan/50-image.yaml"].content.replace(
          "dhcp4: true\n",
          "dhcp4: true\n      dhcp4-overrides: {route-metric: 2000}\n      dhcp6-overrides: {route-metric: 2000}\n",
        ),
        mode: 0o600,
      },
    },
  },
  "network-manager": {
    enable: images["network-manager"].enable,
    files: {
      "/etc/NetworkManager/conf.d/50-image.conf":
        "[connection-ethernet]\nmatch-device=type:ethernet\nipv4.route-metric=2000\nipv6.route-metric=2000\n",
    },
  },
} as const;
