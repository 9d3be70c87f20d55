import { Failure } from "../../exit.ts";
import { parseDuration } from "../../model/text.ts";
import type { EventFlags } from "../../plan/presence/parse-udev-event.ts";
import { type ActivateOptions, activateFlags, parseActivateOptions } from "../configure/options.ts";
import {
  type ParsedArgv,
  type Flags,
  type FlagValues,
  imdsFlags,
  commonFlags,
} from "../../cli/flags.ts";

const { backend, stage, root, json } = activateFlags;

export const hotplugFlags = {
  nic: { type: "string", valueHint: "NAME", description: "the NIC that came or went, by name" },
  mac: { type: "string", valueHint: "MAC", description: "or by MAC" },
  devpath: {
    type: "string",
    valueHint: "PATH",
    description: "or by device: a path below /sys/devices, or its name on the bus",
  },
  settle: {
    type: "string",
    valueHint: "DURATION",
    description: "add: done when nothing changes for so long; 0s: when it is usable (default: 10s)",
  },
  "from-dhcp": {
    type: "boolean",
    description: "a DHCP client calls: table and rules from its lease, without asking IMDS",
  },
  install: {
    type: "boolean",
    description: "write udev's rules and the units; with --from-dhcp, DHCP clients' hooks too",
  },
  uninstall: { type: "boolean", description: "remove what --install wrote" },
  backend,
  stage,
  "dry-run": { type: "boolean", description: "show what would be done, and why; do nothing" },
  root,
  json,
  ...imdsFlags,
  ...commonFlags,
} as const satisfies Flags;

const actions = ["add", "remove", "sync"] as const;

/** What a run is for. */
export type HotplugJob = "event" | "sync" | "from-dhcp" | "install" | "uninstall";

export interface HotplugOptions extends ActivateOptions {
  readonly job: HotplugJob;
  /** Of an event: what the caller says. */
  readonly event: EventFlags;
  /** Unchanged for so long is settled; 0: the run ends where the NIC is usable. */
  readonly settleMs: number;
  /** `--install`: with the hooks of DHCP clients. */
  readonly withDhcpHooks: boolean;
}

/** Throws `USAGE`. */
export function parseHotplugOptions(argv: ParsedArgv<typeof hotplugFlags>): HotplugOptions {
  const { flags, positionals, rest } = argv;
  const [actionName = null, ...extra] = [...positionals, ...(rest ?? [])];
  const action = actions.find((each) => each === actionName) ?? null;
  if (actionName !== null && action === null) {
    throw new Failure("USAGE", `hotplug: there is no action "${actionName}"`, { hint: usageHint });
  }
  if (extra[0] !== undefined) {
    throw new Failure("USAGE", `hotplug takes one action, but there is "${extra[0]}", too`, {
      hint: usageHint,
    });
  }
  const job = chooseJob(flags, action);
  refuseEventFlags(flags, { job, action });
  refusePlanningFlags(flags, job);
  const check = false;
  const shared = parseActivateOptions({
    flags: { ...flags, check, metadata: undefined, offline: false },
    positionals: [],
    rest: null,
  });
  const { nic = null, mac = null, devpath = null, settle } = flags;
  return {
    ...shared,
    job,
    event: { action: action === "sync" ? null : action, nic, mac, devpath },
    settleMs: settle === undefined ? defaultSettleMs(flags) : parseDuration(settle, "--settle"),
    withDhcpHooks: flags["from-dhcp"],
  };
}

/** What would be done is known when the NIC is usable. */
function defaultSettleMs(flags: HotplugFlagValues): number {
  return flags["dry-run"] ? 0 : 10_000;
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
    throw new Failure("USAGE", `${requestedJobs.join(" and ")}: one at a time`, {
      hint: usageHint,
    });
  }
  if (install) return "install";
  if (uninstall) return "uninstall";
  if (fromDhcp) return "from-dhcp";
  return action === "sync" ? "sync" : "event";
}

/** A flag that would mean nothing was meant for something else. */
function refuseEventFlags(
  flags: HotplugFlagValues,
  { job, action }: { readonly job: HotplugJob; readonly action: string | null },
): void {
  const nicFlag = (["nic", "mac", "devpath"] as const).find((flag) => flags[flag] !== undefined);
  const uselessFlag = job === "event" ? undefined : (nicFlag ?? (flags.settle && "settle"));
  if (uselessFlag !== undefined)
    throw new Failure("USAGE", `--${uselessFlag} is for hotplug add`, { hint: usageHint });
  if (action === "remove" && flags.settle !== undefined) {
    throw new Failure("USAGE", "--settle is for hotplug add: what is gone is gone", {
      hint: usageHint,
    });
  }
  const emptyFlag = (["nic", "mac", "devpath"] as const).find((flag) => flags[flag] === "");
  if (emptyFlag === undefined) return;
  const emptyHint = "is a variable of the calling script empty?";
  throw new Failure("USAGE", `--${emptyFlag}: an empty name`, { hint: emptyHint });
}

/** Of these jobs none asks IMDS or chooses a backend. */
const jobsWithoutImds = {
  install: { label: "--install", flags: [] },
  uninstall: { label: "--uninstall", flags: [] },
  // a lease is the running machine's
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
  throw new Failure("USAGE", `--${uselessFlag} means nothing with ${label}`, { hint: usageHint });
}
