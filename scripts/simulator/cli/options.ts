import { parseArgs } from "node:util";
import type { FaultRule } from "../faults/fault.ts";
import { faultArgument, rateLimitArgument } from "./fault-argument.ts";
import type { ListenAddress } from "../http/listener.ts";
import { listenArgument } from "./listen-argument.ts";
import { Misfit } from "../scenario/parse.ts";
import type { RateLimitSpec } from "../faults/rate-limit.ts";

/** The command line, read. */
export interface CliOptions {
  readonly scenarioFile: string | undefined;
  readonly userDataFile: string | undefined;
  readonly enis: number | undefined;
  readonly dualStack: boolean;
  readonly listen: readonly ListenAddress[];
  readonly latencyMs: number | undefined;
  readonly rateLimit: RateLimitSpec | undefined;
  readonly faults: readonly FaultRule[];
  readonly log: boolean;
  readonly help: boolean;
}

/** The options in an argv; throws a `Misfit` that names the flag. */
export function cliOptions(argv: readonly string[]): CliOptions {
  const values = flags(argv);
  return {
    scenarioFile: values.scenario,
    userDataFile: values["user-data"],
    enis: given("--enis", values.enis, (text) => matched(text, /^([1-9]\d?)$/, "1 to 99")),
    dualStack: values["dual-stack"] ?? false,
    listen: (values.listen ?? ["127.0.0.1:0"]).map((text) => of("--listen", text, listenArgument)),
    latencyMs: given("--latency", values.latency, milliseconds),
    rateLimit: given("--rate-limit", values["rate-limit"], rateLimitArgument),
    faults: (values.fault ?? []).map((text) => of("--fault", text, faultArgument)),
    log: values.log ?? false,
    help: values.help ?? false,
  };
}

function flags(argv: readonly string[]) {
  try {
    const options = {
      scenario: { type: "string" },
      "user-data": { type: "string" },
      enis: { type: "string" },
      "dual-stack": { type: "boolean" },
      listen: { type: "string", multiple: true },
      latency: { type: "string" },
      "rate-limit": { type: "string" },
      fault: { type: "string", multiple: true },
      log: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    } as const;
    return parseArgs({ args: [...argv], options, strict: true }).values;
  } catch (error) {
    throw new Misfit(error instanceof Error ? error.message : String(error));
  }
}

function given<T>(
  flag: string,
  text: string | undefined,
  read: (text: string) => T,
): T | undefined {
  return text === undefined ? undefined : of(flag, text, read);
}

function of<T>(flag: string, text: string, read: (text: string) => T): T {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof Misfit) throw new Misfit(`${flag} ${text}: ${error.message}`);
    throw error;
  }
}

function milliseconds(text: string): number {
  const number = matched(text, /^(\d{1,6})(?:ms|s)$/, "a time, as in 20ms or 2s");
  return text.endsWith("ms") ? number : number * 1000;
}

function matched(text: string, pattern: RegExp, wanted: string): number {
  const match = pattern.exec(text);
  if (match === null) throw new Misfit(`not ${wanted}`);
  return Number(match[1]);
}
