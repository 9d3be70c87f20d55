import { toldTimeline } from "../output/told-timeline.ts";
import type { AppliedNics } from "./apply-nics.ts";
import type { Followed } from "./follow-enis.ts";
import { joinedPlan } from "./joined-plan.ts";
import type { Done } from "./late-failure.ts";

/** What had been done for a NIC that came; nothing before the first plan. */
export function doneOf({ own: { nic }, applied, imds }: Followed): Done {
  const plan = joinedPlan(applied.map((each) => each.plan));
  if (plan === null) return { nics: [], plan, imds: null };
  const own = { ...nic, timeline: toldTimeline(nic) };
  return { nics: [own, ...retiredIn(applied)], plan, imds };
}

/** The NICs that were taken away; a dry run takes nothing away, and finds it again each time. */
export function retiredIn(applied: readonly AppliedNics[]): AppliedNics["nics"] {
  const gone = applied.flatMap(({ nics }) => nics.filter(({ outcome }) => outcome === "retired"));
  return [...new Map(gone.map((each) => [each.mac, each])).values()];
}
