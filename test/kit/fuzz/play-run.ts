import { readdirSync, readFileSync } from "node:fs";
import { runEc2nic } from "../program/run-ec2nic.ts";
import { temporaryFolder } from "../basics/temporary-folder.ts";
import { fuzzService } from "./fuzz-service.ts";
import type { RoundServer } from "./play-round.ts";
import { findRunFaults } from "./run-faults.ts";
import { runPlan } from "./run-plan.ts";

/** One run of the executable against the fuzz service. */
export interface ExecutableRun {
  readonly seed: number;
  readonly args: readonly string[];
  readonly code: number;
  readonly elapsedMs: number;
  readonly answers: number;
  /** What must not happen; empty: nothing did. */
  readonly faults: readonly string[];
}

export async function playExecutable(
  roundServer: RoundServer,
  seed: number,
  trap: string,
): Promise<ExecutableRun> {
  using folder = temporaryFolder();
  const { url } = roundServer.server;
  const plan = runPlan(seed, { root: folder.path, macs: macsHere(), nic: "lo", url });
  const service = fuzzService({ ...plan, host: new URL(url).host, trap });
  roundServer.serve(service);
  const result = await runEc2nic({ args: plan.args });
  roundServer.server.hangUp();
  const left = readdirSync(folder.path).map((name) => `left ${name} behind`);
  return {
    seed,
    args: plan.args,
    code: result.code,
    elapsedMs: result.elapsedMs,
    answers: Object.values(service.sent).reduce((sum, count) => sum + count, 0),
    faults: [...findRunFaults(result, plan), ...left, ...service.faults],
  };
}

/** The MACs of this machine's NICs: their folders are read without being listed. */
function macsHere(): readonly string[] {
  return readdirSync("/sys/class/net").map((name) =>
    readFileSync(`/sys/class/net/${name}/address`, "utf8").trim(),
  );
}
