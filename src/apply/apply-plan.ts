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
  /** What must still be reachable afterwards; null: unknown, so nothing is verified. */
  readonly reachability: RequiredReachability | null;
  /** What a killed run recorded: its files and its reachability are those to restore. */
  readonly interruptedRun: InterruptedRun | null;
  /** The steps that activate the old files again. */
  readonly undo: readonly Step[];
}

type ApplyHost = Pick<TargetHost, "clock" | "exec" | "files" | "log" | "signal" | "target">;

/**
 * Applies a plan: writes its files, runs its steps, then verifies that the machine is as reachable as
 * before. A NIC whose file or step fails is `failed` and gets its old files back; the others are
 * configured. If a step for all NICs fails, or the machine is no longer reachable, everything is
 * rolled back. `failure` (`CANTCREAT`, `NOPERM`, `OSERR`) is what the run must end with.
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
    const { link, routes } = reachability ?? {};
    const isKnown = link !== undefined && routes !== undefined;
    await markRunStarted(host, { previous, reachability: isKnown ? { link, routes } : null });
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

/** The files to restore: those from before a killed run, if there was one, and the current ones. */
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

/** All messages, with the kind and hint of the failure for all NICs, else of the first one. */
function combineFailures(failures: FailuresByMac): Failure | null {
  const all = [...failures.values()];
  const first = failures.get(null) ?? all[0];
  if (first === undefined) return null;
  const message = [...new Set(all.map((failure) => failure.message))].join("; ");
  const hint = first.hint === undefined ? {} : { hint: first.hint };
  return new Failure(first.kind, message, { cause: first, ...hint });
}
