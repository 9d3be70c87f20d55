import type { ConfigFile } from "../../model/plan.ts";
import type { IniSection } from "../../render/ini.ts";
import { bootUnit, unitConditions, backgroundService, networkDaemons, unitFile } from "./unit.ts";
import { managedMark } from "../../model/managed-paths.ts";

/** Started by `udevRules` for each NIC that comes; the instance says which. */
const addTemplateUnit = "ec2nic-hotplug@.service";

/** Restarted by `udevRules` when a NIC's device has left its bus. */
const removeUnit = "ec2nic-hotplug-remove.service";

/**
 * The units that udev's rules start: they outlive udev's event, which ends after seconds
 * (udev(7), RUN). `program`: see `renderUnits`; throws `RangeError` for what cannot stand in a unit.
 */
export function renderHotplugUnits(program: string): readonly ConfigFile[] {
  return [
    unitFile(addTemplateUnit, addedUnit(program)),
    unitFile(removeUnit, removalUnit(program)),
  ];
}

/**
 * An instance for each event, and not for each NIC: `systemctl start` of an instance that runs does
 * nothing, so that a NIC which goes and comes while its first run still watches would be missed.
 * Runs of the same NIC follow each other by the lock. What failed is forgotten: nobody would ever
 * reset thousands of instances, and the journal keeps what they said.
 */
function addedUnit(program: string): readonly IniSection[] {
  return [
    unitSection(program, "Network configuration of the EC2 NIC %i, which came"),
    backgroundService(program, "hotplug add --devpath %i", []),
  ];
}

/**
 * One unit for all events. `systemctl restart` while it runs waits until that run has ended by
 * itself, as SIGCONT does not end it, and starts one more, however many events came meanwhile: none
 * is lost, and sixteen NICs that go at once are two runs. Since systemd 244; an older one ends the
 * run, and the next does its work. At a shutdown it is ended as usual.
 */
function removalUnit(program: string): readonly IniSection[] {
  return [
    unitSection(program, "Network configuration of EC2 NICs that went"),
    backgroundService(program, "hotplug remove", [
      ["RestartKillSignal", "SIGCONT"],
      ["TimeoutStopSec", 150],
    ]),
  ];
}

/**
 * Events are as many as they are: no limit on starts, which would lose the last of them. After the
 * unit that configures all NICs, whose run is there by then, at a boot: `keepNic` waits for its end.
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
 * After 80-net-setup-link.rules, which names the NIC, and before the 99s, in which systemd's and an
 * admin's last word stands.
 */
export const udevRulesPath = "/etc/udev/rules.d/90-ec2nic.rules";

/** Of the NICs that EC2 has, and of those of a test bench. Xen's is called vif. */
const nicDrivers = "ena|ixgbevf|vif|virtio_net";

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
export function renderUdevRules(): ConfigFile {
  const instance = addTemplateUnit.replace("@", "@$id_$env{SEQNUM}");
  const restart = `RUN+="/bin/systemctl --no-block restart ${removeUnit}"`;
  const lines = [
    `# ${managedMark}`,
    rule(
      'ACTION=="add|move"',
      'SUBSYSTEM=="net"',
      `DRIVERS=="${nicDrivers}"`,
      'ENV{SYNTH_UUID}==""',
      ['TAG+="systemd"', `ENV{SYSTEMD_WANTS}+="${instance}"`],
    ),
    rule('ACTION=="remove"', 'SUBSYSTEM=="pci"', 'ENV{PCI_CLASS}=="2????"', [restart]),
    rule('ACTION=="remove"', 'SUBSYSTEM=="xen"', 'KERNEL=="vif-*"', [restart]),
  ];
  return { path: udevRulesPath, content: `${lines.join("\n")}\n`, mode: 0o644, mac: null };
}

/** One line: what has to hold, and what is done then. */
function rule(...parts: readonly (string | readonly string[])[]): string {
  return parts.flat().join(", ");
}
