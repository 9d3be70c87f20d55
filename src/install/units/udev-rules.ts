import type { ConfigFile } from "../../model/network-plan.ts";
import { ownMark } from "../../model/own-files.ts";
import { addedTemplate, removedUnit } from "./hotplug-units.ts";

/**
 * After 80-net-setup-link.rules, which names the NIC, and before the 99s, in which systemd's and an
 * admin's last word stands.
 */
export const rulesPath = "/etc/udev/rules.d/90-ec2nic.rules";

/** Of the NICs that EC2 has, and of those of a test bench. Xen's is called vif. */
const drivers = "ena|ixgbevf|vif|virtio_net";

/**
 * What starts the units. A NIC that comes: SYSTEMD_WANTS, so that PID 1 starts it (systemd.device(5)).
 * PID 1 looks at no NIC that is being renamed (ID_RENAMING), and by then the `add` is over: of a NIC
 * that gets another name the `move` counts, of others the `add`; seen with systemd 252 and 257, and
 * an older one that takes both starts two runs, of which the second finds nothing to do. `$id` is the
 * name on its bus of the parent that has the driver: bridges, veths and VLANs have none. The number
 * of the event makes the instance its own. What `udevadm trigger` repeats (SYNTH_UUID, Linux 4.13) is no NIC that comes, and at a boot
 * `activate` has done those.
 *
 * A link that goes starts nothing: a driver's unload is nothing to us, and a detach removes the
 * device too. That is the event; PCI_CLASS is hexadecimal without its leading zero, 02 is network.
 * PID 1 knows no device that is gone, so that the unit has to be started by a command; /bin, since
 * that is where it is whether or not /usr is merged.
 */
export function udevRules(): ConfigFile {
  const instance = addedTemplate.replace("@", "@$id_$env{SEQNUM}");
  const restart = `RUN+="/bin/systemctl --no-block restart ${removedUnit}"`;
  const lines = [
    `# ${ownMark}`,
    rule('ACTION=="add|move"', 'SUBSYSTEM=="net"', `DRIVERS=="${drivers}"`, 'ENV{SYNTH_UUID}==""', [
      'TAG+="systemd"',
      `ENV{SYSTEMD_WANTS}+="${instance}"`,
    ]),
    rule('ACTION=="remove"', 'SUBSYSTEM=="pci"', 'ENV{PCI_CLASS}=="2????"', [restart]),
    rule('ACTION=="remove"', 'SUBSYSTEM=="xen"', 'KERNEL=="vif-*"', [restart]),
  ];
  return { path: rulesPath, content: `${lines.join("\n")}\n`, mode: 0o644, mac: null };
}

/** One line: what has to hold, and what is done then. */
function rule(...parts: readonly (string | readonly string[])[]): string {
  return parts.flat().join(", ");
}
