import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import type { Simulator } from "../../../scripts/simulator/simulator.ts";
import { startSimulator } from "../../../scripts/simulator/start.ts";
import { type RunOptions, type RunResult, runEc2nic } from "./run-ec2nic.ts";

export interface Fetched extends RunResult {
  readonly simulator: Simulator;
}

type Options = Omit<RunOptions, "args">;

/** `ec2nic fetch ARGS` against a running simulator. */
export function fetchFrom(
  { url }: Pick<Simulator, "url">,
  args: readonly string[],
  options: Options = {},
): Promise<RunResult> {
  return runEc2nic({ ...options, args: fetchArgs(url, args) });
}

/** `ec2nic fetch ARGS` against a new simulator, which is stopped afterwards. */
export async function fetchOnce(
  scenario: Scenario,
  args: readonly string[],
  options: Options = {},
): Promise<Fetched> {
  await using simulator = await startSimulator({ scenario });
  return { ...(await fetchFrom(simulator, args, options)), simulator };
}

/** The NIC to ask through, for tests that run again with the device-bound transport. */
export const throughVariable = "EC2NIC_TEST_THROUGH";

/** The arguments of a run. The flags come first, since a command may follow `--`. */
export function fetchArgs(url: string, args: readonly string[]): readonly string[] {
  const nic = process.env[throughVariable];
  const through = nic === undefined ? [] : ["--interface", nic];
  return ["fetch", ...through, "--endpoint", url, ...args];
}
