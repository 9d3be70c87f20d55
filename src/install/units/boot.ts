import type { ConfigFile } from "../../model/plan.ts";
import type { IniSection } from "../../render/ini.ts";
import { networkManagerHeader } from "../../model/backend-facts.ts";
import { networkManagerDnsPath } from "../../model/managed-paths.ts";
import {
  bootUnit,
  unitConditions,
  backgroundService,
  networkDaemons,
  oneshotService,
  unitFile,
} from "./unit.ts";

/**
 * The units that configure all NICs by themselves: before the network, after it, and from time to time.
 * None is needed by anything, so that none holds up or fails a boot; off EC2 none is run at all.
 * `program`: the absolute path of the executable, without spaces; throws `RangeError` for others.
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
 * Before `network-pre.target`, and so before every network daemon: what stands here holds up each
 * boot, so it is what cannot wait, and asks nobody. That is whether NetworkManager must leave
 * resolv.conf alone, which it has to know before it starts, and once. IMDS here, over a lease of our
 * own, was seconds of each boot, for what the daemons and the next stage do as well.
 *
 * It is long before basic.target, after which default dependencies would put it: what of these it
 * needs is said. It is before nothing of the boot itself: a unit before sysinit.target that waits for
 * a network makes a circle (https://github.com/systemd/systemd/issues/40980). After cloud-init's local
 * stage, whose files tell who is in charge.
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
 * A boot does not wait for a cold start of ours to hear that NetworkManager writes resolv.conf itself,
 * as nearly everywhere. What an old systemd (before 243) does not know it passes over.
 */
const resolvConfCondition = `/bin/sh -c 'read -r line </etc/resolv.conf; case $$line in "${networkManagerHeader}"*) exit 1; esac'`;

/**
 * After the daemons are there to be told, not after they are "online": IMDS is waited for anyway,
 * and a NIC that is the reason why the machine is not online is what this is for; a NIC that nobody
 * gives an address may take a lease. In the background, since a target waits for the oneshots that it
 * wants, and IMDS may be silent for a minute. Each start of a daemon starts it, too: what a package's
 * upgrade or an admin's restart made the daemon forget is back in seconds, not when the timer comes.
 */
function networkUnit(program: string): readonly IniSection[] {
  return [
    {
      name: "Unit",
      entries: [
        ["Description", "Network configuration of EC2 NICs"],
        ...unitConditions(program),
        ["After", `network.target ${networkDaemons} ec2nic-local.service`],
      ],
    },
    backgroundService(program, "activate --stage network --dhcp", []),
    {
      name: "Install",
      entries: ["multi-user.target", ...networkDaemons.split(" ")].map((unit) => [
        "WantedBy",
        unit,
      ]),
    },
  ];
}

/** A run that finds nothing to do writes nothing and restarts nothing. */
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

/** Spread, so that a fleet that booted together does not ask together. */
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
