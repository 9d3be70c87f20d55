import type { ConfigFile } from "../../model/network-plan.ts";
import type { IniSection } from "../../render/ini.ts";
import { bootUnit, conditions, inBackground, networkDaemons, unitFile } from "./unit.ts";

/** Started by `udevRules` for each NIC that comes; the instance says which. */
export const addedTemplate = "ec2nic-hotplug@.service";

/** Restarted by `udevRules` when a NIC's device has left its bus. */
export const removedUnit = "ec2nic-hotplug-remove.service";

/**
 * The units that udev's rules start: they outlive udev's event, which ends after seconds
 * (udev(7), RUN). `program`: see `renderUnits`; throws `RangeError` for what cannot stand in a unit.
 */
export function renderHotplugUnits(program: string): readonly ConfigFile[] {
  return [unitFile(addedTemplate, addedUnit(program)), unitFile(removedUnit, removalUnit(program))];
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
    inBackground(program, "hotplug add --devpath %i", []),
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
    inBackground(program, "hotplug remove", [
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
      ...conditions(program),
      ["After", `network.target ${networkDaemons} ec2nic-local.service ${bootUnit}`],
      ["StartLimitIntervalSec", 0],
      ["CollectMode", "inactive-or-failed"],
    ],
  };
}
