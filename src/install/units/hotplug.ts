import { managedMark } from "../../model/managed-paths.ts";
import type { ConfigFile } from "../../model/plan.ts";
import type { IniSection } from "../../render/ini.ts";
import {
  backgroundService,
  bootUnit,
  networkDaemons,
  textFile,
  unitConditions,
  unitFile,
} from "./unit.ts";

/** Started by the udev rules for each new NIC, which the instance names. */
const addTemplateUnit = "ec2nic-hotplug@.service";

/** Restarted by the udev rules when the device of a NIC has left its bus. */
const removeUnit = "ec2nic-hotplug-remove.service";

/**
 * The units that the udev rules start: they run on after udev's event, which is limited to seconds
 * (udev(7), RUN). `program`: see `renderUnits`; throws `RangeError` if a unit cannot contain it.
 *
 * `add` has an instance for each event, not for each NIC: `systemctl start` does nothing for an
 * instance that runs, and would miss a NIC that leaves and comes back while its first run still
 * watches it. The lock puts runs of the same NIC in sequence. Failed instances are removed
 * (CollectMode): no one would reset thousands of them, and the journal keeps their messages.
 *
 * `remove` has one unit for all events. `systemctl restart` waits until a run has ended by itself,
 * since SIGCONT does not end it, and starts one more, however many events came meanwhile: none is
 * lost, and sixteen NICs that leave at once make two runs. Since systemd 244; an older one ends the
 * run, and the next run does its work. At shutdown it is ended as usual.
 */
export function renderHotplugUnits(program: string): readonly ConfigFile[] {
  return [
    unitFile(addTemplateUnit, [
      unitSection(program, "Network configuration of the EC2 NIC %i, which came"),
      backgroundService(program, "hotplug add --devpath %i"),
    ]),
    unitFile(removeUnit, [
      unitSection(program, "Network configuration of EC2 NICs that went"),
      backgroundService(program, "hotplug remove", [
        ["RestartKillSignal", "SIGCONT"],
        ["TimeoutStopSec", 150],
      ]),
    ]),
  ];
}

/**
 * Without a limit on starts, which would drop the last of many events. At boot, after the unit that
 * configures all NICs has started: `handleKnownNic` waits for the end of its run.
 */
function unitSection(program: string, description: string): IniSection {
  return {
    name: "Unit",
    entries: [
      ["Description", description],
      ...unitConditions(program),
      ["After", `network.target ${networkDaemons} ec2nic-local.service ${bootUnit}`],
      ["StartLimitIntervalSec", 0],
      ["CollectMode", "inactive-or-failed"],
    ],
  };
}

/**
 * After 80-net-setup-link.rules, which names the NIC, and before the 99s, where systemd and an admin
 * can override it.
 */
export const udevRulesPath = "/etc/udev/rules.d/90-ec2nic.rules";

/** Drivers of EC2's NICs (Xen's is called vif), and of those of a test bench. */
const nicDrivers = "ena|ixgbevf|vif|virtio_net";

/**
 * The rules that start the units.
 *
 * A new NIC: SYSTEMD_WANTS makes PID 1 start the unit (systemd.device(5)). PID 1 ignores a NIC that
 * is being renamed (ID_RENAMING), and the rename comes after its `add`: so for a NIC that is renamed
 * the `move` counts, for others the `add`. Seen with systemd 252 and 257; an older one that takes
 * both starts two runs, and the second has nothing to do. `$id` is the bus name of the parent that
 * has the driver, which bridges, veths and VLANs do not have. The number of the event makes the
 * instance unique. An event repeated by `udevadm trigger` (SYNTH_UUID, Linux 4.13) is no new NIC,
 * and those of a boot are left to `activate`.
 *
 * A removed link starts nothing: unloading a driver changes nothing for us, and a detachment removes
 * the device too, which is the event. PCI_CLASS is hexadecimal without its leading zero; 02 is
 * network. PID 1 does not know a device that is gone, so a command starts the unit; in /bin, where
 * it is with and without a merged /usr.
 */
export function renderUdevRules(): ConfigFile {
  const instance = addTemplateUnit.replace("@", "@$id_$env{SEQNUM}");
  const restart = `RUN+="/bin/systemctl --no-block restart ${removeUnit}"`;
  const rules = [
    [
      'ACTION=="add|move"',
      'SUBSYSTEM=="net"',
      `DRIVERS=="${nicDrivers}"`,
      'ENV{SYNTH_UUID}==""',
      'TAG+="systemd"',
      `ENV{SYSTEMD_WANTS}+="${instance}"`,
    ],
    ['ACTION=="remove"', 'SUBSYSTEM=="pci"', 'ENV{PCI_CLASS}=="2????"', restart],
    ['ACTION=="remove"', 'SUBSYSTEM=="xen"', 'KERNEL=="vif-*"', restart],
  ];
  return textFile(udevRulesPath, [`# ${managedMark}`, ...rules.map((rule) => rule.join(", "))]);
}
