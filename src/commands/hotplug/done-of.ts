import type { Failure } from "../../exit.ts";
import { toldTimeline } from "../../output/plan/told-timeline.ts";
import type { AppliedNics } from "../configure/apply-nics.ts";
import type { Followed } from "./follow-enis.ts";
import { joinedPlan } from "./joined-plan.ts";
import type { Done } from "./partial-result.ts";

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
export function retiredIn(applied: readonly AppliedNics[]): AppliedNics["nics"] {
  const gone = applied.flatMap(({ gathered, nics }) =>
    nics.filter(({ mac }) => gathered.facts.scope?.gone.includes(mac)),
  );
  return [...new Map(gone.map((each) => [each.mac, each])).values()];
}

/** Why what a NIC left behind could not be taken away; null where it could. */
export function retireFailure(applied: readonly AppliedNics[]): Failure | null {
  const isLeft = retiredIn(applied).some(({ outcome }) => outcome === "failed");
  return isLeft ? (applied.findLast(({ failure }) => failure !== null)?.failure ?? null) : null;
}
