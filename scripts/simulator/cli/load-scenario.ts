import { Failure } from "../../../src/exit.ts";
import type { CliOptions } from "./options.ts";
import { ParseError, parseJson } from "../scenario/parse.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { scenarioSchema } from "../scenario/scenario-schema.ts";

/** Reads a file; null if it does not exist. */
export type ReadFile = (path: string) => Promise<Uint8Array | null>;

/**
 * Reads the scenario file and applies the flags, which take precedence. Throws a `Failure`:
 * `NOINPUT` if a file does not exist, `DATAERR` if the scenario is not valid.
 */
export async function loadScenario(options: CliOptions, readFile: ReadFile): Promise<Scenario> {
  const { scenarioFile, userDataFile, enis, dualStack, latencyMs, rateLimit } = options;
  const scenario = scenarioFile === undefined ? {} : await readScenario(scenarioFile, readFile);
  const specs =
    enis === undefined
      ? (scenario.enis ?? [{ device: 0 }])
      : Array.from({ length: enis }, (_, device) => ({ device }));
  return {
    ...scenario,
    ...behaviourOf(options),
    enis: dualStack ? specs.map((spec) => ({ ...spec, dualStack })) : specs,
    ...(userDataFile === undefined ? {} : { userData: await readWhole(userDataFile, readFile) }),
    ...(latencyMs === undefined ? {} : { latencyMs }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
    faults: [...(scenario.faults ?? []), ...options.faults],
  };
}

/** How the flags say that the service behaves. A flag that is not given changes nothing. */
function behaviourOf({ keepAlive, ipv6, proxy, decodeEscapes }: CliOptions): Scenario {
  return {
    ...(keepAlive ? { keepAlive } : {}),
    ...(ipv6 ? { httpProtocolIpv6: "enabled" } : {}),
    ...(proxy ? { proxy } : {}),
    ...(decodeEscapes ? { decodeEscapes } : {}),
  };
}

async function readScenario(file: string, readFile: ReadFile): Promise<Scenario> {
  try {
    const text = new TextDecoder().decode(await readWhole(file, readFile));
    return parseJson(scenarioSchema, text);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new Failure("DATAERR", `scenario ${file}: ${error.message.replaceAll("\n", "; ")}`);
  }
}

async function readWhole(file: string, readFile: ReadFile): Promise<Uint8Array> {
  const bytes = await readFile(file);
  if (bytes === null) throw new Failure("NOINPUT", `no such file: ${file}`);
  return bytes;
}
