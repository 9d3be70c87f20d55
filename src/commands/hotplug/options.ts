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
    description: "name of the NIC that was added or removed",
  },
  mac: { type: "string", valueHint: "MAC", description: "MAC of that NIC" },
  devpath: {
    type: "string",
    valueHint: "PATH",
    description: "device of that NIC: a path below /sys/devices, or a name on its bus",
  },
  settle: {
    type: "string",
    valueHint: "DURATION",
    description:
      "add: end when nothing has changed for DURATION; with 0s, when the NIC is usable (default: 10s)",
  },
  "from-dhcp": {
    type: "boolean",
    description:
      "for DHCP clients' hooks: set a NIC's table and rules from its lease, without IMDS",
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
  /** The event as the flags describe it. udev's environment contains the rest. */
  readonly event: EventFlags;
  /** An ENI is settled if it has not changed for this time; with 0, as soon as it is usable. */
  readonly settleMs: number;
  /** Whether `--install` also installs the hooks of DHCP clients. */
  readonly withDhcpHooks: boolean;
}

/** Parses the command line of `hotplug`. Throws `USAGE`. */
export function parseHotplugOptions(argv: ParsedArgv<typeof hotplugFlags>): HotplugOptions {
  const { flags, positionals, rest } = argv;
  const [actionName = null, ...extra] = positionals;
  const action = actions.find((each) => each === actionName) ?? null;
  if (actionName !== null && action === null) {
    throw usageFailure(`hotplug: there is no action "${actionName}"`);
  }
  refuseArguments({ positionals: extra, rest }, "hotplug takes one action", () => usageHint);
  const job = chooseJob(flags, action);
  refuseEventFlags(flags, job, action);
  refusePlanningFlags(flags, job);
  const { nic = null, mac = null, devpath = null, settle } = flags;
  // a dry run needs no late metadata to show what would be done
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

function usageFailure(message: string): Failure {
  return new Failure("USAGE", message, { hint: usageHint });
}

type HotplugFlagValues = FlagValues<typeof hotplugFlags>;
type Action = (typeof actions)[number] | null;

function chooseJob(flags: HotplugFlagValues, action: Action): HotplugJob {
  const { install, uninstall, "from-dhcp": fromDhcp } = flags;
  const requestedJobs = [
    action !== null && `hotplug ${action}`,
    install && "--install",
    uninstall && "--uninstall",
    fromDhcp && !install && !uninstall && "--from-dhcp",
  ].filter((word) => word !== false);
  if (requestedJobs.length > 1) {
    throw usageFailure(`${requestedJobs.join(" and ")} can't be combined`);
  }
  if (install) return "install";
  if (uninstall) return "uninstall";
  if (fromDhcp) return "from-dhcp";
  return action === "sync" ? "sync" : "event";
}

/** Throws `USAGE` for flags that describe an event but would have no effect. */
function refuseEventFlags(flags: HotplugFlagValues, job: HotplugJob, action: Action): void {
  const nicFlags = ["nic", "mac", "devpath"] as const;
  const nicFlag = nicFlags.find((flag) => flags[flag] !== undefined);
  if (job !== "event" && nicFlag !== undefined) {
    throw usageFailure(`--${nicFlag} is only for hotplug add or remove`);
  }
  if (flags.settle !== undefined && (job !== "event" || action === "remove")) {
    throw usageFailure("--settle is only for hotplug add");
  }
  refuseEmptyValues(flags, nicFlags);
}

const planningFlags = ["backend", "stage", "endpoint", "interface", "timeout", "retries"] as const;

/** Throws `USAGE` for flags without effect on a job that uses neither IMDS nor a backend. */
function refusePlanningFlags(flags: HotplugFlagValues, job: HotplugJob): void {
  if (job === "event" || job === "sync") return;
  // leases exist only on the running machine
  const names = job === "from-dhcp" ? ([...planningFlags, "root"] as const) : planningFlags;
  const useless = flags.dhcp ? "dhcp" : names.find((name) => (flags[name] ?? "").length > 0);
  if (useless !== undefined) throw usageFailure(`--${useless} has no effect with --${job}`);
}
