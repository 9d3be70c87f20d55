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
 * The units that configure all NICs: before the network starts, after that, and periodically. No
 * other unit requires one of them, so that they cannot fail a boot. They run only on EC2. `program`
 * is the absolute path of the executable. Throws `RangeError` if a unit cannot contain that path.
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
 * This unit runs before `network-pre.target`, and so before every network daemon. It delays each
 * boot, so it only decides whether NetworkManager may change resolv.conf, which must be known
 * before NetworkManager starts. The unit sends no requests to IMDS: with a temporary lease, these
 * took seconds of each boot, and `networkUnit` sends the same requests anyway.
 *
 * Default dependencies would put the unit after basic.target, which is too late, so the needed ones
 * are listed. The unit is not before sysinit.target, because a unit there that waits for a network
 * makes a cycle (https://github.com/systemd/systemd/issues/40980). It is after cloud-init's local
 * stage, because the files of that stage show which backend is used.
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
 * Usually NetworkManager writes resolv.conf itself, and the unit has nothing to do. A shell finds
 * that out faster than a start of ec2nic. systemd before 243 ignores this entry.
 */
const resolvConfCondition = `/bin/sh -c 'read -r line </etc/resolv.conf; case $$line in "${networkManagerHeader}"*) exit 1; esac'`;

/**
 * This unit runs after the network daemons have started, but not after they are "online", because
 * the run itself waits for IMDS, must repair a NIC that keeps the machine from being online, and
 * can take a temporary lease. It runs in the background, because a target waits for the oneshot
 * units that it wants, and IMDS may not answer for a minute. Each start of a network daemon starts
 * it too, because a daemon can lose configuration in an upgrade or restart, and the timer runs much
 * later.
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

/** If nothing must be repaired, the unit writes nothing and restarts nothing. */
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

/** The delay is random, so that machines that booted together do not send requests together. */
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
