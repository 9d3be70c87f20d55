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
