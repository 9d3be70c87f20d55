import { applyPlan, type Applied } from "../apply/apply-plan.ts";
import { holdLock } from "../apply/hold-lock.ts";
import { isThisMachine } from "../apply/under-root.ts";
import type { Host } from "../host/host.ts";
import { noteNics } from "../links/nic-notes.ts";
import { mainTable } from "../net/kernel-state.ts";
import type { Link } from "../net/link.ts";
import { nicsAmong } from "../plan/match-nics.ts";
import { ownNics } from "../plan/own-nics.ts";
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
  if (wish.check || wish.dryRun) {
    return { nics: plan.nics, failure: null, activatedMs: host.clock.now() };
  }
  const { unfinished } = gathered;
  const isRouted = asked.imds?.through === "routing";
  const primary = primaryLink(gathered, plan);
  const standing =
    plan.steps.length === 0
      ? null
      : await standingOf(host, { primary, settings: asked.settings, isRouted, unfinished });
  const how = { root: wish.root, standing, unfinished, undo: plan.undo };
  const applied = await applyPlan(host, plan, how);
  await noteSeenNics(host, wish.root, gathered);
  return applied;
}

/**
 * Of a plan for some NICs alone, our file tells which NIC is the primary; before there is one, the
 * NIC that holds the default route stands for it.
 */
function primaryLink(
  { facts: { links, state }, kernel }: Gathered,
  { config }: ActivationPlan,
): Link | null {
  const known = [...config.nics, ...ownNics(state.files)];
  const mac = known.find(({ isPrimary }) => isPrimary)?.mac ?? null;
  const nics = nicsAmong(links);
  if (mac !== null) return nics.find((link) => link.mac === mac) ?? null;
  const [first] = (kernel?.routes ?? [])
    .filter(({ table, destination }) => table === mainTable && destination === "0.0.0.0/0")
    .toSorted((left, right) => left.metric - right.metric);
  return nics.find(({ name }) => name === first?.link) ?? null;
}

/** An image that is made on some machine has nothing to do with that one's devices. */
async function noteSeenNics(
  host: Host,
  root: string,
  { facts: { links, scope }, devices }: Gathered,
): Promise<void> {
  if (scope === undefined && !isThisMachine(root)) return;
  await noteNics(host, { links, devices }, { forgotten: scope?.gone ?? [], root });
}
