import { Failure } from "../../exit.ts";
import type { HotplugAnswer } from "../../model/hotplug.ts";
import type { NetworkPlan, NicResult } from "../../model/plan.ts";
import { listPlan } from "../../output/plan/plain.ts";
import { describeNic, describePlan } from "../../output/plan/terminal.ts";
import { adjustTimeline, describeTimeline } from "../../output/plan/timeline.ts";
import type { AppliedConfiguration } from "../configure/configure-nics.ts";
import { findIncompleteFailure, type ReportHost, reportRun } from "../configure/report.ts";
import type { HotplugOptions } from "./options.ts";
import type { PartialResult } from "./partial-result.ts";
import type { WatchResult } from "./watch-loop.ts";

type NicReport = Pick<WatchResult, "applied" | "imds"> & {
  readonly own: Pick<WatchResult["own"], "nic" | "failure">;
};

/** Reports how a hot-plugged NIC was configured; returns the exit status. */
export function reportWatchResult(
  host: ReportHost,
  options: Pick<HotplugOptions, "dryRun" | "json" | "plain">,
  { own: { nic, failure }, applied, imds }: NicReport,
): Promise<number> {
  const own = { ...nic, timeline: adjustTimeline(nic) };
  const retired = collectRetiredNics(applied);
  const ownFailure = failure ?? findRetireFailure(retired, applied);
  const last = applied.at(-1);
  const result = {
    command: "hotplug",
    nics: [own, ...retired],
    plan: mergePlans(applied.map(({ plan }) => plan)),
    imds,
    failure: ownFailure ?? findIncompleteFailure([own], "run later: ec2nic hotplug sync"),
    warnings: last?.plan.warnings ?? [],
    reasons: applied.flatMap(({ plan }) => plan.reasons),
  };
  return reportRun(host, options, result, async () => {
    if (!options.dryRun) {
      const timelineText = describeTimeline(own.timeline);
      host.log.info(`${describeNic(own)}${timelineText === "" ? "" : `: ${timelineText}`}`);
      for (const nic of retired) host.log.info(describeNic(nic));
    } else if (last !== undefined) {
      const describe = options.plain ? listPlan : describePlan;
      await host.print(describe(last.plan, last.collected.facts.state));
    }
  });
}

/** Reports how another run configured this run's NIC; returns the exit status. */
export function reportJoinAnswer(
  host: ReportHost,
  options: Pick<HotplugOptions, "dryRun" | "json" | "plain">,
  { nic, failure: answer }: HotplugAnswer,
): Promise<number> {
  const hint = answer?.hint ?? undefined;
  const failure = answer === null ? null : new Failure(answer.kind, answer.message, { hint });
  return reportWatchResult(host, options, { own: { nic, failure }, applied: [], imds: null });
}

/** Reports a run that sent no request and changed nothing, with the reason; returns 0. */
export function reportNoChange(
  host: ReportHost,
  options: Pick<HotplugOptions, "json" | "dryRun">,
  nics: readonly NicResult[],
  reason: string | null = null,
): Promise<number> {
  if (reason !== null) host.log.info(reason);
  for (const nic of nics) host.log.info(describeNic(nic));
  const result = { command: "hotplug", nics, plan: null, imds: null, failure: null };
  return reportRun(host, options, result, async () => undefined);
}

/** What a run had done before it failed; empty if it had no plan yet. */
export function buildPartialResult({ own: { nic }, applied, imds }: WatchResult): PartialResult {
  const plan = mergePlans(applied.map((each) => each.plan));
  if (plan === null) return { nics: [], plan, imds: null };
  const own = { ...nic, timeline: adjustTimeline(nic) };
  return { nics: [own, ...collectRetiredNics(applied)], plan, imds };
}

/** The last result of each removed NIC, because a dry run has the same NIC in every plan. */
function collectRetiredNics(applied: readonly AppliedConfiguration[]): readonly NicResult[] {
  const gone = applied.flatMap(({ collected, nics }) =>
    nics.filter(({ mac }) => collected.facts.scope?.gone.includes(mac)),
  );
  return [...new Map(gone.map((each) => [each.mac, each])).values()];
}

/** Why the configuration of a removed NIC could not be removed; null if it was removed. */
function findRetireFailure(
  retired: readonly NicResult[],
  applied: readonly AppliedConfiguration[],
): Failure | null {
  if (!retired.some(({ outcome }) => outcome === "failed")) return null;
  return applied.findLast(({ failure }) => failure !== null)?.failure ?? null;
}

/** Joins plans that were applied one after the other; null if there was none. */
function mergePlans(plans: readonly NetworkPlan[]): NetworkPlan | null {
  const last = plans.at(-1);
  if (last === undefined) return null;
  const files = new Map(plans.flatMap(({ write }) => write).map((file) => [file.path, file]));
  return {
    ...last,
    write: [...files.values()],
    remove: [...new Set(plans.flatMap(({ remove }) => remove))],
    steps: plans.flatMap(({ steps }) => steps),
    reasons: [...new Set(plans.flatMap(({ reasons }) => reasons))],
  };
}
