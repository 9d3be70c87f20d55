import { Failure } from "../exit.ts";
import type { TargetHost } from "../host/target.ts";
import type { ApplyResult, NetworkPlan, NicResult, Step } from "../model/plan.ts";
import { verifyReachable, type RequiredReachability } from "./verify-reachable.ts";
import { readPreviousFiles, rollBack } from "./roll-back.ts";
import { runSteps } from "./run-steps.ts";
import { markRunFinished, markRunStarted } from "./interrupted-run.ts";
import type { InterruptedRun, PreviousFile } from "../model/run-records.ts";
import { writeFiles } from "./write-files.ts";

export interface ApplyOptions {
  /** What must stand afterwards; null: nothing is known to have stood. */
  readonly reachability: RequiredReachability | null;
  /** What a run that was killed left behind: its files and its standing are the ones to go back to. */
  readonly interruptedRun: InterruptedRun | null;
  /** The steps that take a plan's changes back, once its files are the old ones again. */
  readonly undo: readonly Step[];
}

type ApplyHost = Pick<TargetHost, "clock" | "exec" | "files" | "log" | "signal" | "target">;

/**
 * Carries a plan out: files, each whole, then its steps, then a look whether the machine is as
 * reachable as before. A NIC whose file or step fails is `failed` and gets its old files back; the
 * others are configured all the same. Where a step for all fails, or the machine is no longer
 * reachable, everything is taken back. `failure` (`CANTCREAT`, `NOPERM`, `OSERR`) is for the caller
 * to end with.
 */
export async function applyPlan(
  host: ApplyHost,
  plan: NetworkPlan,
  options: ApplyOptions,
): Promise<ApplyResult> {
  const previous = await collectPreviousFiles(host, plan, options);
  const isLive = plan.steps.length > 0;
  const { link, routes } = options.reachability ?? {};
  const reachability = link === undefined || routes === undefined ? null : { link, routes };
  if (isLive) await markRunStarted(host, { previous, reachability });
  const fileFailures = await writeFiles(host, plan, host.target);
  const failures = new Map(fileFailures);
  let activatedMs = host.clock.now();
  if (isLive) {
    const steps = plan.steps.filter(({ mac }) => mac === null || !fileFailures.has(mac));
    for (const { mac, failure } of await runSteps(host, steps)) failures.set(mac, failure);
    activatedMs = host.clock.now();
    const unreachableFailure = failures.has(null)
      ? null
      : await checkReachable(host, options.reachability);
    if (unreachableFailure !== null) failures.set(null, unreachableFailure);
    await rollBack(host, { previous, failures, undo: options.undo, target: host.target });
    await markRunFinished(host);
  }
  const nics = plan.nics.map((nic) => applyFailure(nic, failures));
  return { nics, failure: combineFailures(failures), activatedMs };
}

/** The files to go back to: those from before a run that was killed, where there was one. */
async function collectPreviousFiles(
  host: ApplyHost,
  plan: NetworkPlan,
  { interruptedRun }: ApplyOptions,
): Promise<readonly PreviousFile[]> {
  const earlierFiles = interruptedRun?.previous ?? [];
  const currentFiles = await readPreviousFiles(host.target, plan);
  return [
    ...earlierFiles,
    ...currentFiles.filter(({ path }) => earlierFiles.every((each) => each.path !== path)),
  ];
}

async function checkReachable(
  host: ApplyHost,
  reachability: RequiredReachability | null,
): Promise<Failure | null> {
  return reachability === null ? null : verifyReachable(host, reachability);
}

type FailuresByMac = ReadonlyMap<string | null, Failure>;

function applyFailure(nic: NicResult, failures: FailuresByMac): NicResult {
  const failure = failures.get(nic.mac) ?? failures.get(null);
  if (failure === undefined || !["configured", "retired"].includes(nic.outcome)) return nic;
  return { ...nic, outcome: "failed", reason: failure.message };
}

/** What concerns every NIC is what the run ends with; else the first of them. */
function combineFailures(failures: FailuresByMac): Failure | null {
  const allFailures = [...failures.values()];
  const first = failures.get(null) ?? allFailures[0];
  if (first === undefined) return null;
  const message = [...new Set(allFailures.map((failure) => failure.message))].join("; ");
  return new Failure(first.kind, message, {
    cause: first,
    ...(first.hint === undefined ? {} : { hint: first.hint }),
  });
}
