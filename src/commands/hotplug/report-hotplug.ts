import { exitCodes, Failure, reportOf } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import type { HotplugAnswer, HotplugNic } from "../../model/hotplug-nic.ts";
import { describeTimeline } from "../../output/plan/describe-timeline.ts";
import { describeNic } from "../../output/plan/describe-nic.ts";
import { describePlan } from "../../output/plan/describe-plan.ts";
import { listPlan } from "../../output/plan/plain.ts";
import { renderResult } from "../../output/result.ts";
import { toldTimeline } from "../../output/plan/told-timeline.ts";
import type { Asked } from "../configure/load-enis.ts";
import type { AppliedNics } from "../configure/apply-nics.ts";
import type { Followed } from "./follow-enis.ts";
import type { HotplugOptions } from "./options.ts";
import { retiredIn, retireFailure } from "./done-of.ts";
import { joinedPlan } from "./joined-plan.ts";

type ReportHost = Pick<Host, "clock" | "log" | "print">;
type Wish = Pick<HotplugOptions, "dryRun" | "json" | "plain">;

/** Tells how a NIC that came was configured; gives the exit status. */
export async function reportFollowed(
  host: ReportHost,
  options: Wish,
  { own: { nic, failure }, applied, imds }: Followed,
): Promise<number> {
  if (options.dryRun && !options.json) {
    for (const { plan, gathered } of applied.slice(-1)) {
      await host.print((options.plain ? listPlan : describePlan)(plan, gathered.facts.state));
    }
  }
  for (const { plan } of applied.slice(-1)) {
    for (const warning of plan.warnings) host.log.warn(warning);
  }
  for (const reason of applied.flatMap(({ plan }) => plan.reasons)) host.log.verbose(reason);
  const told = { nics: [nic, ...retiredIn(applied)], applied, imds } as const;
  return tell(host, options, { ...told, failure: failure ?? retireFailure(applied) });
}

/** Tells what another run made of this run's NIC. */
export async function reportAnswer(
  host: ReportHost,
  options: Wish,
  { nic, failure }: HotplugAnswer,
): Promise<number> {
  const { kind, message, hint } = failure ?? {};
  const error =
    kind === undefined
      ? null
      : new Failure(kind, message ?? "", hint === null || hint === undefined ? {} : { hint });
  return tell(host, options, { nics: [nic], failure: error, applied: [], imds: null });
}

interface Told {
  readonly nics: readonly [HotplugNic, ...AppliedNics["nics"]];
  readonly failure: Failure | null;
  readonly applied: readonly AppliedNics[];
  readonly imds: Asked["imds"];
}

async function tell(
  host: ReportHost,
  { dryRun, json }: Wish,
  { nics: [nic, ...others], failure, applied, imds }: Told,
): Promise<number> {
  const own = { ...nic, timeline: toldTimeline(nic) };
  const ending = failure ?? incompleteFailure(own);
  const error = ending === null ? null : reportOf(ending);
  const elapsedMs = Math.round(host.clock.now());
  if (json) {
    const plan = joinedPlan(applied.map((each) => each.plan));
    const nics = [own, ...others];
    const told = { command: "hotplug", dryRun, nics, plan, imds, elapsedMs, error };
    await host.print(renderResult({ ...told, differences: null }));
  } else if (!dryRun) {
    const when = describeTimeline(own.timeline);
    host.log.info(`${describeNic(own)}${when === "" ? "" : `: ${when}`}`);
    for (const nic of others) host.log.info(describeNic(nic));
  }
  if (error !== null) host.log.error(error.message, error.hint);
  return error?.code ?? exitCodes.OK;
}

function incompleteFailure({ mac, outcome, reason }: HotplugNic): Failure | null {
  if (outcome !== "incomplete") return null;
  const hint = "ec2nic hotplug sync, when it is";
  return new Failure("TEMPFAIL", `metadata is not complete: ${mac}: ${reason}`, { hint });
}
