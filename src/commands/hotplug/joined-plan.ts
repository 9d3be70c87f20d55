import type { NetworkPlan } from "../../model/network-plan.ts";

/** Plans that were carried out one after the other, as one; null: there was none. */
export function joinedPlan(plans: readonly NetworkPlan[]): NetworkPlan | null {
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
