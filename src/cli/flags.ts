import type { ImdsOptions } from "../imds/protocol/settings.ts";

/** A flag, in citty's words, and what citty cannot say: that it may be given more than once. */
interface Flag {
  readonly type: "boolean" | "string" | "enum";
  /** One letter. */
  readonly alias?: string;
  readonly valueHint?: string;
  readonly options?: readonly string[];
  readonly description: string;
  readonly multiple?: true;
}

export type Flags = Readonly<Record<string, Flag>>;

/** What stood on the command line, strictly parsed. */
export interface ParsedArgv<F extends Flags> {
  readonly flags: FlagValues<F>;
  readonly positionals: readonly string[];
  /** What followed `--`; null where there was none. */
  readonly rest: readonly string[] | null;
}

export type FlagValues<F extends Flags> = {
  readonly [K in keyof F]: F[K] extends { multiple: true }
    ? readonly string[]
    : F[K] extends { type: "boolean" }
      ? boolean
      : string | undefined;
};

/** As far as they could be read, before all is known to be right. */
export type LooseFlags = Readonly<Record<string, string | boolean | undefined>>;

/** Flags of every subcommand: how it talks. */
export const commonFlags = {
  verbose: { type: "boolean", alias: "v", description: "show each request, retry and command" },
  quiet: { type: "boolean", alias: "q", description: "say nothing but errors" },
  "log-format": {
    type: "enum",
    options: ["text", "json"],
    description: "how stderr is written (default: text)",
  },
  plain: {
    type: "boolean",
    description: "for screen readers: a fact a line, no table, nothing that is drawn over",
  },
  help: { type: "boolean", alias: "h", description: "show this" },
  version: { type: "boolean", description: "show the version" },
} as const satisfies Flags;

/** Flags of every subcommand that asks IMDS. */
export const imdsFlags = {
  endpoint: {
    type: "string",
    multiple: true,
    valueHint: "URL",
    description:
      "where IMDS is; may be repeated (default: http://169.254.169.254, then http://[fd00:ec2::254])",
  },
  interface: {
    type: "string",
    valueHint: "NIC",
    description: "ask through this NIC only (default: by routing, then over any NIC that works)",
  },
  dhcp: {
    type: "boolean",
    description: "a NIC without an address may take a temporary lease for the asking",
  },
  timeout: {
    type: "string",
    valueHint: "DURATION",
    description: "how long IMDS may take in all: 300ms, 10s, 2m (default: 60s)",
  },
  retries: {
    type: "string",
    valueHint: "N",
    description: "how often a request is tried again (default: until the deadline)",
  },
} as const satisfies Flags;

/** How IMDS is to be asked, from the flags. */
export function imdsOptions(flags: FlagValues<typeof imdsFlags>): ImdsOptions {
  const { endpoint, timeout, retries, interface: nic, dhcp } = flags;
  return { endpoint, timeout, retries, interface: nic, dhcp };
}
