import {
  commonFlags,
  type Flags,
  type FlagValues,
  imdsFlags,
  imdsOptions,
  type ParsedArgv,
} from "../../cli/flags.ts";
import { refuseArguments, refuseEmptyValues } from "../../cli/parse-argv.ts";
import { Failure } from "../../exit.ts";
import { type ImdsOptions, parseTimeoutMs } from "../../imds/protocol/settings.ts";
import { type Backend, backends, type Stage, stages } from "../../model/plan.ts";

/** `activate` and `hotplug` share these flags and `targetFlags`. */
export const planFlags = {
  backend: {
    type: "enum",
    options: ["auto", ...backends],
    description: "network backend to configure (default: the active one)",
  },
  stage: {
    type: "enum",
    options: ["auto", "local", "network"],
    description:
      "local: only write files, before the network daemon starts; network: also activate them " +
      "(default: network if systemd has reached network.target)",
  },
  "dry-run": { type: "boolean", description: "show what would be done, and why; change nothing" },
} as const satisfies Flags;

export const targetFlags = {
  root: {
    type: "string",
    valueHint: "DIR",
    description: "configure the image in DIR, not this machine",
  },
  json: { type: "boolean", description: "print the result as one JSON object" },
  ...imdsFlags,
  ...commonFlags,
} as const satisfies Flags;

export const activateFlags = {
  ...planFlags,
  check: {
    type: "boolean",
    description:
      "compare files, addresses, routes and rules with IMDS; change nothing; exit with 1 if anything differs",
  },
  metadata: {
    type: "string",
    valueHint: "FILE",
    description: "read metadata from FILE (saved by ec2nic fetch --json) instead of IMDS",
  },
  offline: {
    type: "boolean",
    description: "do not contact IMDS or change NICs; only set up NetworkManager's DNS handling",
  },
  ...targetFlags,
} as const satisfies Flags;

/** The options that `activate` and `hotplug` share. */
export interface ConfigureOptions extends ImdsOptions {
  /** The deadline of `--timeout`, in milliseconds after the start of the process. */
  readonly timeoutMs: number;
  readonly backend: Backend | "auto";
  readonly stage: Stage | "auto";
  readonly dryRun: boolean;
  /** `/` for the running machine. */
  readonly root: string;
  readonly json: boolean;
  /** Output for screen readers. */
  readonly plain: boolean;
  /** `activate` only. */
  readonly check?: boolean;
  /** A file to read instead of IMDS; `activate` only. */
  readonly metadata?: string | undefined;
}

export interface ActivateOptions extends ConfigureOptions {
  /** true if the run sends no requests to IMDS and changes no NIC. */
  readonly offline: boolean;
}

/** Parses the flags of `activate`. Throws `USAGE`. */
export function parseActivateOptions(argv: ParsedArgv<typeof activateFlags>): ActivateOptions {
  const { flags } = argv;
  const { check, offline, metadata } = flags;
  refuseArguments(argv, "activate takes no arguments", () => "ec2nic activate --help");
  refuseEmptyValues(flags, ["metadata"]);
  if (flags.dhcp && (flags["dry-run"] || check)) {
    const flag = check ? "--check" : "--dry-run";
    throw new Failure("USAGE", `${flag} can't be combined with --dhcp, which takes a lease`);
  }
  if (offline && (flags.dhcp || check || metadata !== undefined)) {
    throw new Failure("USAGE", "--offline can't be combined with --dhcp, --check or --metadata");
  }
  return { ...parseConfigureOptions(flags), check, metadata, offline };
}

type ConfigureFlags = FlagValues<typeof planFlags & typeof targetFlags>;

/** Parses the flags that `activate` and `hotplug` share. Throws `USAGE`. */
export function parseConfigureOptions(flags: ConfigureFlags): ConfigureOptions {
  const { root = "/", json, plain } = flags;
  refuseEmptyValues(flags, ["root"]);
  return {
    ...imdsOptions(flags),
    timeoutMs: parseTimeoutMs(flags),
    backend: backends.find((each) => each === flags.backend) ?? "auto",
    stage: stages.find((each) => each === flags.stage) ?? "auto",
    dryRun: flags["dry-run"],
    root,
    json,
    plain,
  };
}
