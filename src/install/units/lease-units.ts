import type { ConfigFile } from "../../model/network-plan.ts";
import { ownMark } from "../../model/own-files.ts";
import { type IniSection, renderIni } from "../../render/ini.ts";
import { conditions, oneshot } from "./unit.ts";

const folder = "/etc/systemd/system";
const description = "Routes and rules of NICs that have a lease of systemd-networkd's";

/**
 * networkd has no hook, but writes each lease as a file and renames it into place: a path unit sees
 * that, and every systemd has one; networkd-dispatcher is a package of its own that few images have,
 * runs all the time, and is told of a link's state, not of its lease.
 * `program`: the absolute path of the executable, without spaces; throws `RangeError` for others.
 */
export function renderLeaseUnits(program: string): readonly ConfigFile[] {
  return [
    unit("ec2nic-lease.path", [
      { name: "Unit", entries: [["Description", description], ...conditions(program)] },
      { name: "Path", entries: [["PathChanged", "/run/systemd/netif/leases"]] },
      { name: "Install", entries: [["WantedBy", "paths.target"]] },
    ]),
    unit("ec2nic-lease.service", [leaseUnit(program), leaseRun(program)]),
  ];
}

/** Many leases at once, as at boot, are no reason to give up. */
function leaseUnit(program: string): IniSection {
  const entries = [...conditions(program), ["StartLimitIntervalSec", 0] as const];
  return { name: "Unit", entries: [["Description", description], ...entries] };
}

function leaseRun(program: string): IniSection {
  const { name, entries } = oneshot(program, "hotplug --from-dhcp --quiet", 30);
  return { name, entries: [...entries, ["Environment", "EC2NIC_DHCP_CLIENT=networkd"]] };
}

function unit(name: string, sections: readonly IniSection[]): ConfigFile {
  const content = renderIni([`# ${ownMark}`], sections);
  return { path: `${folder}/${name}`, content, mode: 0o644, mac: null };
}
