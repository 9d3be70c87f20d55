/** The network configuration of an image without ec2nic, for each backend: DHCP on every NIC. */
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
 * The same, with a high metric for NICs without configuration: netplan and NetworkManager give them
 * 100, which came before the primary's metric in 0.1.0, and VPC drops packets from the primary's address there.
 * That happens without ec2nic, too, and is not what these images test.
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
