import type { ImdsOptions } from "../imds/protocol/settings.ts";

/** The definition of a flag: that of citty, extended by `multiple`. */
export interface Flag {
  readonly type: "boolean" | "string" | "enum";
  /** One letter. */
  readonly alias?: string;
  readonly valueHint?: string;
  readonly options?: readonly string[];
  readonly description: string;
  /** The flag can be given more than once. */
  readonly multiple?: true;
}

export type Flags = Readonly<Record<string, Flag>>;

/** The command line, strictly parsed. */
export interface ParsedArgv<F extends Flags> {
  readonly flags: FlagValues<F>;
  readonly positionals: readonly string[];
  /** The words after `--`; null if there is no `--`. */
  readonly rest: readonly string[] | null;
}

export type FlagValues<F extends Flags> = {
  readonly [K in keyof F]: F[K] extends { multiple: true }
    ? readonly string[]
    : F[K] extends { type: "boolean" }
      ? boolean
      : string | undefined;
};

/** The flags that could be read. The command line may contain errors. */
export type LooseFlags = Readonly<Record<string, string | boolean | undefined>>;

/** Flags of every subcommand. */
export const commonFlags = {
  verbose: { type: "boolean", alias: "v", description: "log each request, retry and command" },
  quiet: { type: "boolean", alias: "q", description: "log errors only" },
  "log-format": {
    type: "enum",
    options: ["text", "json"],
    description: "format of the messages on stderr (default: text)",
  },
  plain: {
    type: "boolean",
    description: "for screen readers: one fact per line, no tables, no progress line",
  },
  help: { type: "boolean", alias: "h", description: "show this help" },
  version: { type: "boolean", description: "show the version" },
} as const satisfies Flags;

/** Flags of every subcommand that sends requests to IMDS. */
export const imdsFlags = {
  endpoint: {
    type: "string",
    multiple: true,
    valueHint: "URL",
    description:
      "URL of IMDS; can be repeated (default: http://169.254.169.254, then http://[fd00:ec2::254])",
  },
  interface: {
    type: "string",
    valueHint: "NIC",
    description:
      "contact IMDS through this NIC only (default: the NIC of the route, then any other)",
  },
  dhcp: {
    type: "boolean",
    description: "let a NIC without an address take a temporary lease to contact IMDS",
  },
  timeout: {
    type: "string",
    valueHint: "DURATION",
    description: "time limit for all requests together: 300ms, 10s, 2m (default: 60s)",
  },
  retries: {
    type: "string",
    valueHint: "N",
    description: "retries per request (default: until --timeout)",
  },
} as const satisfies Flags;

/** Selects the options of a session with IMDS from the flags. */
export function imdsOptions(flags: FlagValues<typeof imdsFlags>): ImdsOptions {
  const { endpoint, timeout, retries, interface: nic, dhcp } = flags;
  return { endpoint, timeout, retries, interface: nic, dhcp };
}
