/** The programs of the lab, and their Debian packages. */
export const vmTools = {
  debugfs: "e2fsprogs",
  dnsmasq: "dnsmasq-base",
  flock: "util-linux",
  ip: "iproute2",
  mke2fs: "e2fsprogs",
  mmdebstrap: "mmdebstrap",
  nft: "nftables",
  "qemu-img": "qemu-utils",
  "qemu-system-x86_64": "qemu-system-x86",
} as const;
