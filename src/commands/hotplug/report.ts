import { exitCodes, Failure, reportOf } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import type { HotplugAnswer, HotplugNic } from "../../model/hotplug.ts";
import { describeTimeline, toldTimeline } from "../../output/plan/timeline.ts";
import { describeNic, describePlan } from "../../output/plan/terminal.ts";
import { listPlan } from "../../output/plan/plain.ts";
import { renderResult } from "../../output/result.ts";
import type { Asked } from "../configure/load-enis.ts";
import type { AppliedNics } from "../configure/apply.ts";
import type { Followed } from "./run.ts";
import type { HotplugOptions } from "./options.ts";
import type { NetworkPlan, NicResult } from "../../model/plan.ts";
import type { Done } from "./partial-result.ts";

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

/** Tells of a run of `hotplug` that had nothing to ask and nothing to change, and `why`; gives 0. */
export async function reportNothing(
  host: Pick<Host, "clock" | "log" | "print">,
  { json, dryRun }: Pick<HotplugOptions, "json" | "dryRun">,
  nics: readonly NicResult[],
  why: string | null = null,
): Promise<number> {
  if (why !== null) host.log.info(why);
  for (const nic of nics) host.log.info(describeNic(nic));
  if (!json) return 0;
  const elapsedMs = Math.round(host.clock.now());
  const nothing = { plan: null, imds: null, error: null, differences: null };
  await host.print(renderResult({ command: "hotplug", dryRun, nics, elapsedMs, ...nothing }));
  return 0;
}

/** What had been done for a NIC that came; nothing before the first plan. */
export function doneOf({ own: { nic }, applied, imds }: Followed): Done {
  const plan = joinedPlan(applied.map((each) => each.plan));
  if (plan === null) return { nics: [], plan, imds: null };
  const own = { ...nic, timeline: toldTimeline(nic) };
  return { nics: [own, ...retiredIn(applied)], plan, imds };
}

/**
 * What came of the NICs that have left the machine, at the last look; a dry run takes nothing away,
 * and finds them again each time.
 */
function retiredIn(applied: readonly AppliedNics[]): AppliedNics["nics"] {
  const gone = applied.flatMap(({ gathered, nics }) =>
    nics.filter(({ mac }) => gathered.facts.scope?.gone.includes(mac)),
  );
  return [...new Map(gone.map((each) => [each.mac, each])).values()];
}

/** Why what a NIC left behind could not be taken away; null where it could. */
function retireFailure(applied: readonly AppliedNics[]): Failure | null {
  const isLeft = retiredIn(applied).some(({ outcome }) => outcome === "failed");
  return isLeft ? (applied.findLast(({ failure }) => failure !== null)?.failure ?? null) : null;
}

/** Plans that were carried out one after the other, as one; null: there was none. */
function joinedPlan(plans: readonly NetworkPlan[]): NetworkPlan | null {
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
