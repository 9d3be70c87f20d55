import { Failure } from "../exit.ts";
import type { TargetHost } from "../host/target.ts";
import type { ApplyResult, NetworkPlan, NicResult, Step } from "../model/plan.ts";
import type { InterruptedRun, PreviousFile } from "../model/run-records.ts";
import { markRunFinished, markRunStarted } from "./interrupted-run.ts";
import { readPreviousFiles, rollBack } from "./roll-back.ts";
import { runSteps } from "./run-steps.ts";
import { type RequiredReachability, verifyReachable } from "./verify-reachable.ts";
import { type FailuresByMac, writeFiles } from "./write-files.ts";

export interface ApplyOptions {
  /** What is verified after the last step; null if nothing is known that could be verified. */
  readonly reachability: RequiredReachability | null;
  /** The record of a killed run, with the files and the reachability to restore. */
  readonly interruptedRun: InterruptedRun | null;
  /** The steps that activate the old files again. */
  readonly undo: readonly Step[];
}

type ApplyHost = Pick<TargetHost, "clock" | "exec" | "files" | "log" | "signal" | "target">;

/**
 * Applies a plan: writes its files, runs its steps, then verifies that the machine is as reachable
 * as before. If a file or step of one NIC fails, this NIC is `failed` and gets its old files back;
 * the other NICs are configured. If a step for all NICs fails, or the machine is not reachable, all
 * files are restored. The run must end with the result's `failure` (`CANTCREAT`, `NOPERM`,
 * `OSERR`).
 */
export async function applyPlan(
  host: ApplyHost,
  plan: NetworkPlan,
  { reachability, interruptedRun, undo }: ApplyOptions,
): Promise<ApplyResult> {
  const { target } = host;
  const previous = await collectPreviousFiles(host, plan, interruptedRun);
  const isLive = plan.steps.length > 0;
  if (isLive) {
    await markRunStarted(host, { previous, reachability });
  }
  const fileFailures = await writeFiles(host, plan, target);
  const failures = new Map(fileFailures);
  let activatedMs = host.clock.now();
  if (isLive) {
    const steps = plan.steps.filter(({ mac }) => mac === null || !fileFailures.has(mac));
    for (const { mac, failure } of await runSteps(host, steps)) failures.set(mac, failure);
    activatedMs = host.clock.now();
    if (!failures.has(null) && reachability !== null) {
      const failure = await verifyReachable(host, reachability);
      if (failure !== null) failures.set(null, failure);
    }
    await rollBack(host, { previous, failures, undo, target });
    await markRunFinished(host);
  }
  const nics = plan.nics.map((nic) => applyFailure(nic, failures));
  return { nics, failure: combineFailures(failures), activatedMs };
}

/** The files to restore: those that a killed run recorded, and the current ones. */
async function collectPreviousFiles(
  { target }: Pick<ApplyHost, "target">,
  plan: NetworkPlan,
  interruptedRun: InterruptedRun | null,
): Promise<readonly PreviousFile[]> {
  const earlier = interruptedRun?.previous ?? [];
  const current = await readPreviousFiles(target, plan);
  return [...earlier, ...current.filter(({ path }) => earlier.every((each) => each.path !== path))];
}

function applyFailure(nic: NicResult, failures: FailuresByMac): NicResult {
  const failure = failures.get(nic.mac) ?? failures.get(null);
  if (failure === undefined || !["configured", "retired"].includes(nic.outcome)) return nic;
  return { ...nic, outcome: "failed", reason: failure.message };
}

/** One failure with all messages. Its kind is that of a failure for all NICs, else of the first. */
function combineFailures(failures: FailuresByMac): Failure | null {
  const all = [...failures.values()];
  const first = failures.get(null) ?? all[0];
  if (first === undefined) return null;
  const message = [...new Set(all.map((failure) => failure.message))].join("; ");
  return new Failure(first.kind, message, { cause: first, hint: first.hint });
}
