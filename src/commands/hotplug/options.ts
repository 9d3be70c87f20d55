import { type Flags, type FlagValues, type ParsedArgv } from "../../cli/flags.ts";
import { refuseArguments, refuseEmptyValues } from "../../cli/parse-argv.ts";
import { Failure } from "../../exit.ts";
import { parseDuration } from "../../model/text.ts";
import type { EventFlags } from "../../plan/presence/parse-udev-event.ts";
import {
  type ConfigureOptions,
  parseConfigureOptions,
  planFlags,
  targetFlags,
} from "../configure/options.ts";

export const hotplugFlags = {
  nic: {
    type: "string",
    valueHint: "NAME",
    description: "the NIC that was added or removed, by name",
  },
  mac: { type: "string", valueHint: "MAC", description: "or by MAC" },
  devpath: {
    type: "string",
    valueHint: "PATH",
    description: "or by device: a path below /sys/devices, or the name on its bus",
  },
  settle: {
    type: "string",
    valueHint: "DURATION",
    description:
      "add: end when nothing has changed for DURATION; 0s: as soon as the NIC is usable (default: 10s)",
  },
  "from-dhcp": {
    type: "boolean",
    description: "for hooks of DHCP clients: set the table and rules from the lease, without IMDS",
  },
  install: {
    type: "boolean",
    description:
      "install udev rules and systemd units; with --from-dhcp, hooks of DHCP clients too",
  },
  uninstall: { type: "boolean", description: "remove what --install wrote" },
  ...planFlags,
  ...targetFlags,
} as const satisfies Flags;

const actions = ["add", "remove", "sync"] as const;

export type HotplugJob = "event" | "sync" | "from-dhcp" | "install" | "uninstall";

export interface HotplugOptions extends ConfigureOptions {
  readonly job: HotplugJob;
  /** The caller's description of the event; udev's environment fills in the rest. */
  readonly event: EventFlags;
  /** A NIC without changes for this long is settled; 0: the run ends when the NIC is usable. */
  readonly settleMs: number;
  /** `--install`: with the hooks of DHCP clients. */
  readonly withDhcpHooks: boolean;
}

/** Throws `USAGE`. */
export function parseHotplugOptions(argv: ParsedArgv<typeof hotplugFlags>): HotplugOptions {
  const { flags, positionals, rest } = argv;
  const [actionName = null, ...extra] = positionals;
  const action = actions.find((each) => each === actionName) ?? null;
  if (actionName !== null && action === null) {
    throw new Failure("USAGE", `hotplug: there is no action "${actionName}"`, { hint: usageHint });
  }
  refuseArguments({ positionals: extra, rest }, "hotplug takes one action", () => usageHint);
  const job = chooseJob(flags, action);
  refuseEventFlags(flags, job, action);
  refusePlanningFlags(flags, job);
  const { nic = null, mac = null, devpath = null, settle } = flags;
  // a dry run knows what would be done as soon as the NIC is usable
  const defaultSettleMs = flags["dry-run"] ? 0 : 10_000;
  return {
    ...parseConfigureOptions(flags),
    job,
    event: { action: action === "sync" ? null : action, nic, mac, devpath },
    settleMs: settle === undefined ? defaultSettleMs : parseDuration(settle, "--settle"),
    withDhcpHooks: flags["from-dhcp"],
  };
}

const usageHint = "ec2nic hotplug [add|remove|sync]; ec2nic hotplug --help";

type HotplugFlagValues = FlagValues<typeof hotplugFlags>;

function chooseJob(flags: HotplugFlagValues, action: (typeof actions)[number] | null): HotplugJob {
  const { install, uninstall, "from-dhcp": fromDhcp } = flags;
  const requestedJobs = [
    ...(action === null ? [] : [`hotplug ${action}`]),
    ...(install ? ["--install"] : []),
    ...(uninstall ? ["--uninstall"] : []),
    ...(fromDhcp && !install && !uninstall ? ["--from-dhcp"] : []),
  ];
  if (requestedJobs.length > 1) {
    throw new Failure("USAGE", `${requestedJobs.join(" and ")} can't be combined`, {
      hint: usageHint,
    });
  }
  if (install) return "install";
  if (uninstall) return "uninstall";
  if (fromDhcp) return "from-dhcp";
  return action === "sync" ? "sync" : "event";
}

/** Refuses flags that would have no effect: the caller expects one. */
function refuseEventFlags(flags: HotplugFlagValues, job: HotplugJob, action: string | null): void {
  const nicFlags = ["nic", "mac", "devpath"] as const;
  const nicFlag = nicFlags.find((flag) => flags[flag] !== undefined);
  const uselessFlag = job === "event" ? undefined : (nicFlag ?? (flags.settle && "settle"));
  if (uselessFlag !== undefined)
    throw new Failure("USAGE", `--${uselessFlag} is only for hotplug add or remove`, {
      hint: usageHint,
    });
  if (action === "remove" && flags.settle !== undefined) {
    throw new Failure("USAGE", "--settle is only for hotplug add", {
      hint: usageHint,
    });
  }
  refuseEmptyValues(flags, nicFlags);
}

/** The jobs that neither ask IMDS nor choose a backend. */
const jobsWithoutImds = {
  install: { label: "--install", flags: [] },
  uninstall: { label: "--uninstall", flags: [] },
  // a lease belongs to the running machine
  "from-dhcp": { label: "--from-dhcp", flags: ["root"] },
} as const;
const planningFlags = ["backend", "stage", "endpoint", "interface", "timeout", "retries"] as const;

function refusePlanningFlags(flags: HotplugFlagValues, job: HotplugJob): void {
  if (job === "event" || job === "sync") return;
  const { label, flags: moreFlags } = jobsWithoutImds[job];
  const planningFlag = [...planningFlags, ...moreFlags].find(
    (flag) => (flags[flag] ?? "").length > 0,
  );
  const uselessFlag = flags.dhcp ? "dhcp" : planningFlag;
  if (uselessFlag === undefined) return;
  throw new Failure("USAGE", `--${uselessFlag} has no effect with ${label}`, { hint: usageHint });
}
