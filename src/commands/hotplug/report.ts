import { exitCodes, Failure, reportOf } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import type { HotplugAnswer, HotplugNic } from "../../model/hotplug.ts";
import { describeTimeline, adjustTimeline } from "../../output/plan/timeline.ts";
import { describeNic, describePlan } from "../../output/plan/terminal.ts";
import { listPlan } from "../../output/plan/plain.ts";
import { renderResult } from "../../output/result.ts";
import type { LoadedEnis } from "../configure/load-enis.ts";
import type { AppliedConfiguration } from "../configure/apply.ts";
import type { WatchResult } from "./run.ts";
import type { HotplugOptions } from "./options.ts";
import type { NetworkPlan, NicResult } from "../../model/plan.ts";
import type { PartialResult } from "./partial-result.ts";

type ReportHost = Pick<Host, "clock" | "log" | "print">;

type ReportOptions = Pick<HotplugOptions, "dryRun" | "json" | "plain">;

/** Tells how a NIC that came was configured; gives the exit status. */
export async function reportWatchResult(
  host: ReportHost,
  options: ReportOptions,
  { own: { nic, failure }, applied, imds }: WatchResult,
): Promise<number> {
  if (options.dryRun && !options.json) {
    for (const { plan, collected } of applied.slice(-1)) {
      await host.print((options.plain ? listPlan : describePlan)(plan, collected.facts.state));
    }
  }
  for (const { plan } of applied.slice(-1)) {
    for (const warning of plan.warnings) host.log.warn(warning);
  }
  for (const reason of applied.flatMap(({ plan }) => plan.reasons)) host.log.verbose(reason);
  const result = { nics: [nic, ...collectRetiredNics(applied)], applied, imds } as const;
  return printReport(host, options, { ...result, failure: failure ?? findRetireFailure(applied) });
}

/** Tells what another run made of this run's NIC. */
export async function reportJoinAnswer(
  host: ReportHost,
  options: ReportOptions,
  { nic, failure }: HotplugAnswer,
): Promise<number> {
  const { kind, message, hint } = failure ?? {};
  const error =
    kind === undefined
      ? null
      : new Failure(kind, message ?? "", hint === null || hint === undefined ? {} : { hint });
  return printReport(host, options, { nics: [nic], failure: error, applied: [], imds: null });
}

interface HotplugReport {
  readonly nics: readonly [HotplugNic, ...AppliedConfiguration["nics"]];
  readonly failure: Failure | null;
  readonly applied: readonly AppliedConfiguration[];
  readonly imds: LoadedEnis["imds"];
}

async function printReport(
  host: ReportHost,
  { dryRun, json }: ReportOptions,
  { nics: [nic, ...others], failure, applied, imds }: HotplugReport,
): Promise<number> {
  const own = { ...nic, timeline: adjustTimeline(nic) };
  const finalFailure = failure ?? findIncompleteNicFailure(own);
  const error = finalFailure === null ? null : reportOf(finalFailure);
  const elapsedMs = Math.round(host.clock.now());
  if (json) {
    const plan = mergePlans(applied.map((each) => each.plan));
    const nics = [own, ...others];
    const result = { command: "hotplug", dryRun, nics, plan, imds, elapsedMs, error };
    await host.print(renderResult({ ...result, differences: null }));
  } else if (!dryRun) {
    const timelineText = describeTimeline(own.timeline);
    host.log.info(`${describeNic(own)}${timelineText === "" ? "" : `: ${timelineText}`}`);
    for (const nic of others) host.log.info(describeNic(nic));
  }
  if (error !== null) host.log.error(error.message, error.hint);
  return error?.code ?? exitCodes.OK;
}

function findIncompleteNicFailure({ mac, outcome, reason }: HotplugNic): Failure | null {
  if (outcome !== "incomplete") return null;
  const hint = "ec2nic hotplug sync, when it is";
  return new Failure("TEMPFAIL", `metadata is not complete: ${mac}: ${reason}`, { hint });
}

/** Tells of a run of `hotplug` that had nothing to ask and nothing to change, and `why`; gives 0. */
export async function reportNoChange(
  host: Pick<Host, "clock" | "log" | "print">,
  { json, dryRun }: Pick<HotplugOptions, "json" | "dryRun">,
  nics: readonly NicResult[],
  reason: string | null = null,
): Promise<number> {
  if (reason !== null) host.log.info(reason);
  for (const nic of nics) host.log.info(describeNic(nic));
  if (!json) return 0;
  const elapsedMs = Math.round(host.clock.now());
  const empty = { plan: null, imds: null, error: null, differences: null };
  await host.print(renderResult({ command: "hotplug", dryRun, nics, elapsedMs, ...empty }));
  return 0;
}

/** What had been done for a NIC that came; nothing before the first plan. */
export function buildPartialResult({ own: { nic }, applied, imds }: WatchResult): PartialResult {
  const plan = mergePlans(applied.map((each) => each.plan));
  if (plan === null) return { nics: [], plan, imds: null };
  const own = { ...nic, timeline: adjustTimeline(nic) };
  return { nics: [own, ...collectRetiredNics(applied)], plan, imds };
}

/**
 * What came of the NICs that have left the machine, at the last look; a dry run takes nothing away,
 * and finds them again each time.
 */
function collectRetiredNics(
  applied: readonly AppliedConfiguration[],
): AppliedConfiguration["nics"] {
  const gone = applied.flatMap(({ collected, nics }) =>
    nics.filter(({ mac }) => collected.facts.scope?.gone.includes(mac)),
  );
  return [...new Map(gone.map((each) => [each.mac, each])).values()];
}

/** Why what a NIC left behind could not be taken away; null where it could. */
function findRetireFailure(applied: readonly AppliedConfiguration[]): Failure | null {
  const isLeft = collectRetiredNics(applied).some(({ outcome }) => outcome === "failed");
  return isLeft ? (applied.findLast(({ failure }) => failure !== null)?.failure ?? null) : null;
}

/** Plans that were carried out one after the other, as one; null: there was none. */
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
