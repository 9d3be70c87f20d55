import { withEchoes } from "../measure/echo-program.ts";
import type { Peer } from "./peer.ts";

/**
 * By default cloud-init configures the network only at the first boot of an instance.
 * https://docs.cloud-init.io/en/latest/explanation/events.html
 * The other settings switch off what would fail in this image, which has no sshd and no partition to
 * grow.
 */
const config = `updates: {network: {when: [boot, hotplug]}}
ssh_genkeytypes: []
resize_rootfs: false
`;

/** Its udev rule names the drivers of EC2's NICs; the guest's NICs have another driver. */
const withDriver = `
source=/usr/lib/python3/dist-packages/cloudinit/sources/DataSourceEc2.py
grep -q 'ena|ixgbevf' "$source"
sed -i 's/ena|ixgbevf/&|virtio_net/' "$source"
`;

const units = "systemd-networkd.service systemd-resolved.service cloud-init-hotplugd.socket";

/** cloud-init of Debian, with netplan and networkd as in Debian's images; the firmware says EC2. */
export const cloudInit: Peer = {
  name: "cloud-init",
  backend: withEchoes({
    packages: ["cloud-init"],
    files: { "/etc/cloud/cloud.cfg.d/99-lab.cfg": { content: config, mode: 0o644 } },
    script: `export SYSTEMD_OFFLINE=1
systemctl --quiet enable ${units}${withDriver}`,
  }),
  program: null,
  install: async () => {},
  services: "cloud-*.service",
  bootServices: () => ["cloud-final.service"],
};
