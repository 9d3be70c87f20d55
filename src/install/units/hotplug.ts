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

/** The udev rules start an instance for each new NIC; the instance name contains its device. */
const addTemplateUnit = "ec2nic-hotplug@.service";

/** The udev rules restart this unit when the device of a NIC has left its bus. */
const removeUnit = "ec2nic-hotplug-remove.service";

/**
 * The units that the udev rules start. They run longer than udev's event, which is limited to
 * seconds (udev(7), RUN). `program`: see `renderUnits`. Throws `RangeError` if a unit cannot
 * contain that path.
 *
 * `add` has an instance for each event, not for each NIC. `systemctl start` does nothing if the
 * instance already runs, so it would miss a NIC that leaves and comes back while its first run
 * still watches it. The lock puts the runs for one NIC in sequence. Failed instances are removed
 * (CollectMode), because they could become thousands; the journal keeps their messages.
 *
 * `remove` has one unit for all events. `systemctl restart` waits until the current run has ended
 * by itself, because SIGCONT does not end it. Then it starts one more run, however many events have
 * come meanwhile. So no event is lost, and sixteen NICs that leave at once cause two runs. This
 * needs systemd 244; an older version ends the current run, and the next run does all work. At
 * shutdown, the run is ended as usual.
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
 * There is no start limit, because it would drop the last of many events. At boot, `bootUnit`
 * starts first, because `handleKnownNic` waits until that unit's run has ended.
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
 * The number is above 80-net-setup-link.rules, which names the NIC, and below 99, so that rules of
 * systemd and of an admin can override these.
 */
export const udevRulesPath = "/etc/udev/rules.d/90-ec2nic.rules";

/** The drivers of EC2's NICs (`vif` is Xen's), and `virtio_net` for tests. */
const nicDrivers = "ena|ixgbevf|vif|virtio_net";

/**
 * The rules that start the units.
 *
 * For a new NIC, SYSTEMD_WANTS makes PID 1 start the unit (systemd.device(5)). PID 1 ignores a NIC
 * that is being renamed (ID_RENAMING), and a NIC is renamed after its `add` event. So the `move`
 * event starts the unit for a renamed NIC, and the `add` event for another NIC (seen with systemd
 * 252 and 257). If an older version accepts both events, the second run has nothing to do. `$id` is
 * the bus name of the parent device with the driver; bridges, veths and VLANs have no such parent.
 * The number of the event makes the instance unique. An event that `udevadm trigger` repeats
 * (SYNTH_UUID, Linux 4.13) is no new NIC; at boot, `activate` configures the NICs of such events.
 *
 * The removal of a link starts nothing. If a driver was unloaded, there is nothing to do; if a NIC
 * was detached, its device is removed too, and that event starts the unit. PCI_CLASS is hexadecimal
 * without its leading zero; class 02 is network. PID 1 does not know a removed device, so a command
 * starts the unit. The command is in /bin, with and without a merged /usr.
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
