import {
  commonFlags,
  type Flags,
  imdsFlags,
  imdsOptions,
  type ParsedArgv,
} from "../../cli/flags.ts";
import { refuseEmptyValues } from "../../cli/parse-argv.ts";
import { Failure } from "../../exit.ts";
import { type Key, parseKey } from "../../imds/protocol/key.ts";
import type { ImdsOptions } from "../../imds/protocol/settings.ts";
import { parseDuration } from "../../model/text.ts";
import type { FetchFormat } from "../../output/fetch/readings.ts";

export const fetchFlags = {
  format: {
    type: "enum",
    options: ["text", "json", "env"],
    description: "output format (default: text for one value, json for a folder or several keys)",
  },
  json: { type: "boolean", description: "the same as --format json" },
  output: {
    type: "string",
    valueHint: "FILE",
    description: "write to FILE (mode 0600), completely or not at all",
  },
  default: {
    type: "string",
    valueHint: "VALUE",
    description: "print VALUE for a key that does not exist",
  },
  wait: { type: "boolean", description: "wait until the key exists" },
  "max-age": {
    type: "string",
    valueHint: "DURATION",
    description: "as root, use a cached answer (in /run/ec2nic) if it is younger than DURATION",
  },
  "show-secrets": { type: "boolean", description: "include credentials and user-data" },
  ...imdsFlags,
  ...commonFlags,
} as const satisfies Flags;

export interface FetchOptions extends ImdsOptions {
  /** Never empty. A key with an empty path means all metadata. */
  readonly keys: readonly Key[];
  /** null means text for one value, and JSON for a folder or several keys. */
  readonly format: FetchFormat | null;
  readonly output: string | undefined;
  readonly fallback: string | null;
  readonly awaitAbsent: boolean;
  /** null if the cache is neither read nor written. */
  readonly maxAgeMs: number | null;
  readonly showSecrets: boolean;
  /** The command to run with the values as variables; null if the values are printed instead. */
  readonly command: readonly string[] | null;
}

/** Throws `USAGE` for a value that cannot be parsed and for flags that contradict each other. */
export function parseFetchOptions(argv: ParsedArgv<typeof fetchFlags>): FetchOptions {
  const { flags, positionals, rest } = argv;
  const format = chooseFormat(flags.format, flags.json);
  if (rest !== null && (rest[0] ?? "") === "") {
    const hint =
      "to run COMMAND with $EC2_INSTANCE_ID in its environment: ec2nic fetch instance-id -- COMMAND";
    throw new Failure("USAGE", "there is no command after --", { hint });
  }
  const hasOutputFlag = flags.json || (flags.output ?? flags.format) !== undefined;
  if (rest !== null && hasOutputFlag) {
    throw new Failure("USAGE", "-- COMMAND can't be combined with --output, --format or --json");
  }
  refuseEmptyValues(flags, ["output"]);
  const maxAge = flags["max-age"];
  return {
    ...imdsOptions(flags),
    keys: positionals.length > 0 ? positionals.map(parseKey) : [{ text: "", path: [] }],
    format,
    output: flags.output,
    fallback: flags.default ?? null,
    awaitAbsent: flags.wait,
    maxAgeMs: maxAge === undefined ? null : parseDuration(maxAge, "--max-age"),
    showSecrets: flags["show-secrets"],
    command: rest,
  };
}

function chooseFormat(format: string | undefined, json: boolean): FetchFormat | null {
  if (json && format !== undefined && format !== "json") {
    throw new Failure("USAGE", `--json and --format ${format} contradict each other`);
  }
  if (json) return "json";
  return format === "text" || format === "json" || format === "env" ? format : null;
}
