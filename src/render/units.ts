import type { ConfigFile } from "../net/network-plan.ts";
import type { IniSection } from "./ini.ts";
import { conditions, networkDaemons, oneshot, unitFile } from "./unit-parts.ts";

/**
 * The units that configure all NICs by themselves: before the network, after it, and from time to time.
 * None is needed by anything, so that none holds up or fails a boot; off EC2 none is run at all.
 * `program`: the absolute path of the executable, without spaces; throws `RangeError` for others.
 */
export function renderUnits(program: string): readonly ConfigFile[] {
  return [
    unitFile("ec2nic-local.service", localUnit(program)),
    unitFile("ec2nic-network.service", networkUnit(program)),
    unitFile("ec2nic-repair.service", repairUnit(program)),
    unitFile("ec2nic-repair.timer", timerUnit),
  ];
}

/**
 * Before `network-pre.target`, and so before every network daemon. That is long before basic.target,
 * after which default dependencies would put it: what of these it needs is said. It is before nothing
 * of the boot itself: a unit before sysinit.target that waits for a network makes a circle
 * (https://github.com/systemd/systemd/issues/40980). After cloud-init's local stage, whose files tell
 * who is in charge.
 */
function localUnit(program: string): readonly IniSection[] {
  return [
    {
      name: "Unit",
      entries: [
        ["Description", "Network configuration of EC2 NICs, before the network"],
        ...conditions(program),
        ["DefaultDependencies", "no"],
        ["After", "local-fs.target systemd-udev-trigger.service cloud-init-local.service"],
        ["Wants", "network-pre.target"],
        ["Before", "network-pre.target shutdown.target"],
        ["Conflicts", "shutdown.target"],
      ],
    },
    oneshot(program, "activate --stage local --dhcp --timeout 5s", 60),
    { name: "Install", entries: [["WantedBy", "multi-user.target"]] },
  ];
}

/**
 * After the daemons are there to be told, not after they are "online": IMDS is waited for anyway,
 * and a NIC that is the reason why the machine is not online is what this is for.
 */
function networkUnit(program: string): readonly IniSection[] {
  return [
    {
      name: "Unit",
      entries: [
        ["Description", "Network configuration of EC2 NICs"],
        ...conditions(program),
        ["After", `network.target ${networkDaemons} ec2nic-local.service`],
      ],
    },
    oneshot(program, "activate --stage network", 180),
    { name: "Install", entries: [["WantedBy", "multi-user.target"]] },
  ];
}

/** A run that finds nothing to do writes nothing and restarts nothing. */
function repairUnit(program: string): readonly IniSection[] {
  return [
    {
      name: "Unit",
      entries: [
        ["Description", "Repair of the network configuration of EC2 NICs"],
        ...conditions(program),
        ["After", `network.target ${networkDaemons} ec2nic-network.service`],
      ],
    },
    oneshot(program, "hotplug sync --stage network --quiet", 180),
  ];
}

/** Spread, so that a fleet that booted together does not ask together. */
const timerUnit: readonly IniSection[] = [
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
