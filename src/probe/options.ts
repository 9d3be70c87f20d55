import { refuseArguments } from "../cli/parse-argv.ts";
import type { ImdsOptions } from "../imds/protocol/settings.ts";
import { type ParsedArgv, type Flags, imdsFlags, imdsOptions, commonFlags } from "../cli/flags.ts";

export const probeNicsFlags = {
  first: {
    type: "boolean",
    description: "print the name of the first NIC that reaches IMDS; retry until --timeout",
  },
  json: { type: "boolean", description: "print the result as one JSON object" },
  ...imdsFlags,
  ...commonFlags,
} as const satisfies Flags;

export interface ProbeNicsOptions extends ImdsOptions {
  readonly first: boolean;
  readonly json: boolean;
  /** Prints one fact per line and no table, even on a terminal. */
  readonly plain: boolean;
  /** Prints more facts about each NIC. */
  readonly verbose: boolean;
}

/** The options of `probe-nics`. Throws `USAGE`. */
export function parseProbeNicsOptions(argv: ParsedArgv<typeof probeNicsFlags>): ProbeNicsOptions {
  const toHint = (nic: string): string => `ec2nic probe-nics --interface ${nic}`;
  refuseArguments(argv, "probe-nics takes no arguments", toHint);
  const { first, json, plain, verbose } = argv.flags;
  return { ...imdsOptions(argv.flags), first, json, plain, verbose };
}
