import { Failure } from "../../exit.ts";
import { type ImdsOptions, parseTimeoutMs } from "../../imds/protocol/settings.ts";
import { type Backend, backends } from "../../model/plan.ts";
import { type Stage } from "../../model/plan.ts";
import { stages } from "../../model/plan.ts";
import {
  type ParsedArgv,
  type Flags,
  imdsFlags,
  imdsOptions,
  commonFlags,
} from "../../cli/flags.ts";

export const activateFlags = {
  backend: {
    type: "enum",
    options: ["auto", ...backends],
    description: "whose configuration is written (default: who is in charge here)",
  },
  stage: {
    type: "enum",
    options: ["auto", "local", "network"],
    description:
      "local: files only, the network daemon is not up yet; network: and activate them " +
      "(default: what systemd says)",
  },
  "dry-run": { type: "boolean", description: "show what would be done, and why; do nothing" },
  check: {
    type: "boolean",
    description: "compare files, addresses, routes and rules; 1 if they differ; change nothing",
  },
  metadata: {
    type: "string",
    valueHint: "FILE",
    description: "take metadata from FILE (ec2nic fetch --json made it), ask nobody",
  },
  offline: {
    type: "boolean",
    description: "ask nobody, touch no NIC: only what needs no metadata (NetworkManager's DNS)",
  },
  root: { type: "string", valueHint: "DIR", description: "write below DIR: for images" },
  json: { type: "boolean", description: "the result as one JSON object" },
  ...imdsFlags,
  ...commonFlags,
} as const satisfies Flags;

export interface ActivateOptions extends ImdsOptions {
  /** `--timeout` in milliseconds since the start of the process. */
  readonly timeoutMs: number;
  readonly backend: Backend | "auto";
  readonly stage: Stage | "auto";
  readonly dryRun: boolean;
  readonly check: boolean;
  /** null: IMDS is asked. */
  readonly metadata: string | null;
  /** Nobody is asked, and no NIC is touched. */
  readonly offline: boolean;
  /** `/` for the machine itself. */
  readonly root: string;
  readonly json: boolean;
  /** What is told has no signs and no columns. */
  readonly plain: boolean;
}

/** Throws `USAGE`. */
export function parseActivateOptions(argv: ParsedArgv<typeof activateFlags>): ActivateOptions {
  const { flags, positionals, rest } = argv;
  const [extra] = [...positionals, ...(rest ?? [])];
  if (extra !== undefined) {
    throw new Failure("USAGE", `activate takes no arguments, but there is "${extra}"`, {
      hint: "ec2nic activate --help",
    });
  }
  if (flags.metadata === "" || flags.root === "") {
    const hint = "is a variable of the calling script empty?";
    const flag = flags.metadata === "" ? "--metadata" : "--root";
    throw new Failure("USAGE", `${flag}: an empty name`, { hint });
  }
  if (flags.dhcp && (flags["dry-run"] || flags.check)) {
    const flag = flags.check ? "--check" : "--dry-run";
    throw new Failure(
      "USAGE",
      `${flag} changes nothing, and --dhcp takes a lease: one or the other`,
    );
  }
  if (flags.offline && (flags.dhcp || flags.check || flags.metadata !== undefined)) {
    throw new Failure("USAGE", "--offline knows no ENI: no --dhcp, --check or --metadata with it");
  }
  return {
    ...imdsOptions(flags),
    timeoutMs: parseTimeoutMs(flags),
    backend: backends.find((each) => each === flags.backend) ?? "auto",
    stage: stages.find((each) => each === flags.stage) ?? "auto",
    dryRun: flags["dry-run"],
    check: flags.check,
    metadata: flags.metadata ?? null,
    offline: flags.offline,
    root: flags.root ?? "/",
    json: flags.json,
    plain: flags.plain,
  };
}
