import { Failure } from "../exit.ts";
import type { ImdsOptions } from "../imds/settings.ts";
import type { Argv, Flags } from "./command.ts";
import { imdsFlags, imdsOptions, talkFlags } from "./shared-flags.ts";

export const activateFlags = {
  backend: {
    type: "enum",
    options: ["netplan"],
    description: "whose configuration is written",
  },
  stage: {
    type: "enum",
    options: ["local"],
    description: "local: the network daemon is not up yet, so files only",
  },
  "dry-run": { type: "boolean", description: "show what would be done, and why; do nothing" },
  metadata: {
    type: "string",
    valueHint: "FILE",
    description: "take metadata from FILE (ec2nic fetch --json made it), ask nobody",
  },
  root: { type: "string", valueHint: "DIR", description: "write below DIR: for images" },
  json: { type: "boolean", description: "the result as one JSON object" },
  ...imdsFlags,
  ...talkFlags,
} as const satisfies Flags;

export interface ActivateOptions extends ImdsOptions {
  readonly dryRun: boolean;
  /** null: IMDS is asked. */
  readonly metadata: string | null;
  /** `/` for the machine itself. */
  readonly root: string;
  readonly json: boolean;
}

/** Throws `USAGE`. */
export function parseActivate(argv: Argv<typeof activateFlags>): ActivateOptions {
  const { flags, positionals, rest } = argv;
  const [extra] = [...positionals, ...(rest ?? [])];
  if (extra !== undefined) {
    throw new Failure("USAGE", `activate takes no arguments, but there is "${extra}"`, {
      hint: "ec2nic activate --help",
    });
  }
  for (const [flag, only] of [
    ["backend", "netplan"],
    ["stage", "local"],
  ] as const) {
    if (flags[flag] !== undefined) continue;
    const hint = "ec2nic activate --stage local --backend netplan";
    throw new Failure("USAGE", `--${flag} ${only} has to be said: it is the only one yet`, {
      hint,
    });
  }
  if (flags.metadata === "" || flags.root === "") {
    const hint = "is a variable of the calling script empty?";
    const flag = flags.metadata === "" ? "--metadata" : "--root";
    throw new Failure("USAGE", `${flag}: an empty name`, { hint });
  }
  return {
    ...imdsOptions(flags),
    dryRun: flags["dry-run"],
    metadata: flags.metadata ?? null,
    root: flags.root ?? "/",
    json: flags.json,
  };
}
