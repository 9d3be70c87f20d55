import { applyPlan, type Applied } from "../apply/apply-plan.ts";
import { holdLock } from "../apply/hold-lock.ts";
import { isThisMachine } from "../apply/under-root.ts";
import type { Host } from "../host/host.ts";
import type { ActivateOptions } from "./activate-options.ts";
import type { Asked } from "./ask-for-enis.ts";
import type { Gathered } from "./gather-facts.ts";
import type { ActivationPlan } from "./plan-activation.ts";
import { standingOf } from "./standing.ts";

type Wish = Pick<ActivateOptions, "check" | "dryRun" | "root">;

/** How long a run waits for another one that changes the machine: longer than either may take. */
const patienceMs = 120_000;

/** Does `work` as the only run that changes this machine, where it changes it. */
export async function alone<T>(host: Host, wish: Wish, work: () => Promise<T>): Promise<T> {
  const changesMachine = !wish.check && !wish.dryRun && isThisMachine(wish.root);
  return changesMachine ? holdLock(host, host.clock.now() + patienceMs, work) : work();
}

/** Carries a plan out, unless it is only to be shown. Throws what `applyPlan` throws. */
export async function carryOut(
  host: Host,
  wish: Wish,
  { asked, gathered, plan }: { asked: Asked; gathered: Gathered; plan: ActivationPlan },
): Promise<Applied> {
  if (wish.check || wish.dryRun) return { nics: plan.nics, failure: null };
  const { links } = gathered.facts;
  const name = plan.config.nics.find(({ isPrimary }) => isPrimary)?.name ?? null;
  const primary = links.find((link) => link.name === name) ?? null;
  const { unfinished } = gathered;
  const isRouted = asked.imds?.through === "routing";
  const standing =
    plan.steps.length === 0
      ? null
      : await standingOf(host, { primary, settings: asked.settings, isRouted, unfinished });
  return applyPlan(host, plan, { root: wish.root, standing, unfinished, undo: plan.undo });
}
