import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { Applied, NetworkPlan, NicResult, Step } from "../model/plan.ts";
import { awaitStanding, type Standing } from "./verify-reachable.ts";
import { previousFiles, restore } from "./roll-back.ts";
import { runSteps } from "./run-steps.ts";
import { clearUnfinished, noteUnfinished } from "./interrupted-run.ts";
import { type Unfinished } from "../model/plan.ts";
import { type PreviousFile } from "../model/plan.ts";
import { writeFiles } from "./write-files.ts";

export interface ApplyOptions {
  /** `/` for the machine itself. */
  readonly root: string;
  /** What must stand afterwards; null: nothing is known to have stood. */
  readonly standing: Standing | null;
  /** What a run that was killed left behind: its files and its standing are the ones to go back to. */
  readonly unfinished: Unfinished | null;
  /** The steps that take a plan's changes back, once its files are the old ones again. */
  readonly undo: readonly Step[];
}

type ApplyHost = Pick<Host, "clock" | "exec" | "files" | "log" | "signal">;

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
): Promise<Applied> {
  const previous = await filesBefore(host, plan, options);
  const isLive = plan.steps.length > 0;
  const { link, routes } = options.standing ?? {};
  const standing = link === undefined || routes === undefined ? null : { link, routes };
  if (isLive) await noteUnfinished(host, { previous, standing });
  const unwritten = await writeFiles(host, plan, options.root);
  const failed = new Map(unwritten);
  let activatedMs = host.clock.now();
  if (isLive) {
    const steps = plan.steps.filter(({ mac }) => mac === null || !unwritten.has(mac));
    for (const { mac, failure } of await runSteps(host, steps)) failed.set(mac, failure);
    activatedMs = host.clock.now();
    const lost = failed.has(null) ? null : await lostAfter(host, options.standing);
    if (lost !== null) failed.set(null, lost);
    await restore(host, { previous, failed, undo: options.undo, root: options.root });
    await clearUnfinished(host);
  }
  const nics = plan.nics.map((nic) => outcomeOf(nic, failed));
  return { nics, failure: endOf(failed), activatedMs };
}

/** The files to go back to: those from before a run that was killed, where there was one. */
async function filesBefore(
  host: ApplyHost,
  plan: NetworkPlan,
  { root, unfinished }: ApplyOptions,
): Promise<readonly PreviousFile[]> {
  const older = unfinished?.previous ?? [];
  const now = await previousFiles(host, plan, root);
  return [...older, ...now.filter(({ path }) => older.every((each) => each.path !== path))];
}

async function lostAfter(host: ApplyHost, standing: Standing | null): Promise<Failure | null> {
  return standing === null ? null : awaitStanding(host, standing);
}

type Failed = ReadonlyMap<string | null, Failure>;

function outcomeOf(nic: NicResult, failed: Failed): NicResult {
  const failure = failed.get(nic.mac) ?? failed.get(null);
  if (failure === undefined || !["configured", "retired"].includes(nic.outcome)) return nic;
  return { ...nic, outcome: "failed", reason: failure.message };
}

/** What concerns every NIC is what the run ends with; else the first of them. */
function endOf(failed: Failed): Failure | null {
  const failures = [...failed.values()];
  const first = failed.get(null) ?? failures[0];
  if (first === undefined) return null;
  const message = [...new Set(failures.map((failure) => failure.message))].join("; ");
  return new Failure(first.kind, message, {
    cause: first,
    ...(first.hint === undefined ? {} : { hint: first.hint }),
  });
}
