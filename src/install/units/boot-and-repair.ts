import { networkManagerHeader } from "../../model/backend-facts.ts";
import { networkManagerDnsPath } from "../../model/managed-paths.ts";
import type { ConfigFile } from "../../model/plan.ts";
import type { IniSection } from "../../render/ini.ts";
import {
  backgroundService,
  bootUnit,
  networkDaemons,
  oneshotService,
  unitConditions,
  unitFile,
} from "./unit.ts";

/**
 * The units that configure all NICs automatically: before the network, after it, and periodically.
 * No other unit requires one of them, so none delays or fails a boot; on machines that are not on
 * EC2 none runs. `program`: the absolute path of the executable; throws `RangeError` if a unit cannot
 * contain it.
 */
export function renderUnits(program: string): readonly ConfigFile[] {
  return [
    unitFile("ec2nic-local.service", localUnit(program)),
    unitFile(bootUnit, networkUnit(program)),
    unitFile("ec2nic-repair.service", repairUnit(program)),
    unitFile("ec2nic-repair.timer", repairTimer),
  ];
}

/**
 * Before `network-pre.target`, and so before every network daemon. This unit delays each boot, so it
 * only does what cannot wait and needs no IMDS: it decides whether NetworkManager must leave
 * resolv.conf alone, which NetworkManager must know before it starts. Asking IMDS here, with a
 * temporary lease, took seconds of each boot, and the daemons and the next stage do the same work.
 *
 * Default dependencies would put it after basic.target, which is too late, so those that it needs
 * are listed. It is before no unit of the boot itself: a unit before sysinit.target that waits for a
 * network makes a cycle (https://github.com/systemd/systemd/issues/40980). It is after cloud-init's
 * local stage, whose files show which backend is used.
 */
function localUnit(program: string): readonly IniSection[] {
  return [
    {
      name: "Unit",
      entries: [
        ["Description", "Network configuration of EC2 NICs, before the network"],
        ...unitConditions(program),
        ["ConditionPathExistsGlob", "/etc/systemd/system/*.wants/NetworkManager.service"],
        ["ConditionPathIsSymbolicLink", "!/etc/resolv.conf"],
        ["ConditionPathExists", `!${networkManagerDnsPath}`],
        ["DefaultDependencies", "no"],
        ["After", "local-fs.target systemd-udev-trigger.service cloud-init-local.service"],
        ["Wants", "network-pre.target"],
        ["Before", "network-pre.target shutdown.target"],
        ["Conflicts", "shutdown.target"],
      ],
    },
    oneshotService(program, "activate --stage local --offline", 60, [
      ["ExecCondition", resolvConfCondition],
    ]),
    { name: "Install", entries: [["WantedBy", "multi-user.target"]] },
  ];
}

/**
 * Usually NetworkManager writes resolv.conf itself: then a shell finds that out, and the boot does
 * not wait for a start of ec2nic. systemd before 243 ignores the entry.
 */
const resolvConfCondition = `/bin/sh -c 'read -r line </etc/resolv.conf; case $$line in "${networkManagerHeader}"*) exit 1; esac'`;

/**
 * After the daemons have started and accept commands, not after they are "online": the run waits for
 * IMDS itself, it must repair a NIC that keeps the machine from being online, and a NIC without an
 * address may take a temporary lease. In the background, because a target waits for the oneshots
 * that it wants, and IMDS may not answer for a minute. Each start of a daemon starts it, too: after
 * an upgrade or a restart, what the daemon has lost is back in seconds, not at the next timer.
 */
function networkUnit(program: string): readonly IniSection[] {
  const targets = ["multi-user.target", ...networkDaemons.split(" ")];
  return [
    {
      name: "Unit",
      entries: [
        ["Description", "Network configuration of EC2 NICs"],
        ...unitConditions(program),
        ["After", `network.target ${networkDaemons} ec2nic-local.service`],
      ],
    },
    backgroundService(program, "activate --stage network --dhcp"),
    { name: "Install", entries: targets.map((target) => ["WantedBy", target]) },
  ];
}

/** If nothing is to be repaired, it writes nothing and restarts nothing. */
function repairUnit(program: string): readonly IniSection[] {
  return [
    {
      name: "Unit",
      entries: [
        ["Description", "Repair of the network configuration of EC2 NICs"],
        ...unitConditions(program),
        ["After", `network.target ${networkDaemons} ${bootUnit}`],
      ],
    },
    oneshotService(program, "hotplug sync --stage network --quiet", 180),
  ];
}

/** With a random delay, so that machines that booted together do not ask IMDS together. */
const repairTimer: readonly IniSection[] = [
  {
    name: "Unit",
    entries: [["Description", "Repair of the network configuration of EC2 NICs, now and then"]],
  },
  {
    name: "Timer",
    entries: [
      ["OnBootSec", "5min"],
      ["OnUnitInactiveSec", "10min"],
      ["RandomizedDelaySec", "2min"],
    ],
  },
  { name: "Install", entries: [["WantedBy", "timers.target"]] },
];
