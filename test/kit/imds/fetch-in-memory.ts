import fetchCommand from "../../../src/commands/fetch.ts";
import { reportOf } from "../../../src/exit.ts";
import type { Host } from "../../../src/host/host.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { imdsInMemory, type MemoryImds } from "./imds-in-memory.ts";

export interface FetchedInMemory extends MemoryImds {
  /** The exit status. */
  readonly code: number;
  readonly stdout: Uint8Array;
  /** stdout as UTF-8. */
  readonly text: string;
  /** The message of a failure, and its hint; "" without a failure. */
  readonly message: string;
  /** The messages that are shown without `--verbose`: `warn: …`. */
  readonly logged: readonly string[];
  readonly elapsedMs: number;
}

/** `ec2nic fetch ARGS` with an IMDS in memory; `on` replaces effects of the host. */
export async function fetchInMemory(
  scenario: Scenario,
  args: readonly string[],
  on: Partial<Host> = {},
): Promise<FetchedInMemory> {
  return fetchAgain(imdsInMemory(scenario), args, on);
}

/** The same with an IMDS that has answered earlier runs. */
export async function fetchAgain(
  imds: MemoryImds,
  args: readonly string[],
  on: Partial<Host> = {},
): Promise<FetchedInMemory> {
  const printed: Uint8Array[] = [];
  const print: Host["print"] = async (data) => void printed.push(Buffer.from(data));
  const host: Host = { ...imds.host, print, ...on };
  const startMs = host.clock.now();
  let [code, message] = [0, ""];
  try {
    // a host name: no NIC leads there
    code = await fetchCommand.start(host, ["--endpoint", "http://imds", ...args]);
  } catch (error) {
    const report = reportOf(error);
    [code, message] = [report.code, `${report.message}\n${report.hint ?? ""}`];
  }
  const stdout = Buffer.concat(printed);
  const text = new TextDecoder().decode(stdout);
  const logged = imds.host.log.lines.filter((line) => !line.startsWith("verbose: "));
  return { ...imds, code, stdout, text, message, logged, elapsedMs: host.clock.now() - startMs };
}
