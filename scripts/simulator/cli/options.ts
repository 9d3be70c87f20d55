import { parseArgs } from "node:util";
import type { FaultRule } from "../faults/fault.ts";
import { parseFault, parseRateLimit } from "./fault-argument.ts";
import type { ListenAddress } from "../http/listener.ts";
import { parseListenAddress } from "./listen-argument.ts";
import { ParseError } from "../scenario/parse.ts";
import type { RateLimitSpec } from "../faults/rate-limit.ts";

/** The parsed command line. */
export interface CliOptions {
  readonly scenarioFile: string | undefined;
  readonly userDataFile: string | undefined;
  readonly enis: number | undefined;
  readonly dualStack: boolean;
  readonly keepAlive: boolean;
  readonly ipv6: boolean;
  readonly proxy: boolean;
  readonly decodeEscapes: boolean;
  readonly listen: readonly ListenAddress[];
  readonly latencyMs: number | undefined;
  readonly rateLimit: RateLimitSpec | undefined;
  readonly faults: readonly FaultRule[];
  readonly log: boolean;
  readonly help: boolean;
}

/** Parses an argv; throws a `ParseError` that names the flag. */
export function parseOptions(argv: readonly string[]): CliOptions {
  const values = parseFlags(argv);
  return {
    scenarioFile: values.scenario,
    userDataFile: values["user-data"],
    enis: parseOptional("--enis", values.enis, (text) =>
      parseNumber(text, /^([1-9]\d?)$/, "a number from 1 to 99"),
    ),
    dualStack: values["dual-stack"] ?? false,
    keepAlive: values["keep-alive"] ?? false,
    ipv6: values.ipv6 ?? false,
    proxy: values.proxy ?? false,
    decodeEscapes: values["decode-escapes"] ?? false,
    listen: (values.listen ?? ["127.0.0.1:0"]).map((text) =>
      parseFlag("--listen", text, parseListenAddress),
    ),
    latencyMs: parseOptional("--latency", values.latency, parseMilliseconds),
    rateLimit: parseOptional("--rate-limit", values["rate-limit"], parseRateLimit),
    faults: (values.fault ?? []).map((text) => parseFlag("--fault", text, parseFault)),
    log: values.log ?? false,
    help: values.help ?? false,
  };
}

function parseFlags(argv: readonly string[]) {
  try {
    const options = {
      scenario: { type: "string" },
      "user-data": { type: "string" },
      enis: { type: "string" },
      "dual-stack": { type: "boolean" },
      "keep-alive": { type: "boolean" },
      ipv6: { type: "boolean" },
      proxy: { type: "boolean" },
      "decode-escapes": { type: "boolean" },
      listen: { type: "string", multiple: true },
      latency: { type: "string" },
      "rate-limit": { type: "string" },
      fault: { type: "string", multiple: true },
      log: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    } as const;
    return parseArgs({ args: [...argv], options, strict: true }).values;
  } catch (error) {
    throw new ParseError(error instanceof Error ? error.message : String(error));
  }
}

function parseOptional<T>(
  flag: string,
  text: string | undefined,
  read: (text: string) => T,
): T | undefined {
  return text === undefined ? undefined : parseFlag(flag, text, read);
}

function parseFlag<T>(flag: string, text: string, read: (text: string) => T): T {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof ParseError) throw new ParseError(`${flag} ${text}: ${error.message}`);
    throw error;
  }
}

function parseMilliseconds(text: string): number {
  const number = parseNumber(text, /^(\d{1,6})(?:ms|s)$/, "a duration, for example 20ms or 2s");
  return text.endsWith("ms") ? number : number * 1000;
}

function parseNumber(text: string, pattern: RegExp, expected: string): number {
  const match = pattern.exec(text);
  if (match === null) throw new ParseError(`expected ${expected}`);
  return Number(match[1]);
}
