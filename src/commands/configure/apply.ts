import { applyPlan } from "../../apply/apply-plan.ts";
import { type Applied } from "../../model/plan.ts";
import { alone } from "../../apply/lock.ts";
import { isThisMachine } from "../../host/target-root.ts";
import type { Host } from "../../host/host.ts";
import { noteNics } from "../../inspect/nic-records.ts";
import { readBus } from "../../inspect/links/bus.ts";
import { readLinks } from "../../inspect/links/links.ts";
import { mainTable } from "../../model/kernel-state.ts";
import type { Link } from "../../model/link.ts";
import { macOfOwnPath } from "../../model/managed-paths.ts";
import type { NicResult } from "../../model/plan.ts";
import { nicsAmong } from "../../plan/config/match-nics.ts";
import { ownNics } from "../../plan/files/managed-nics.ts";
import type { ActivateOptions } from "./options.ts";
import type { Asked } from "./load-enis.ts";
import { gatherFacts, type Subject } from "./collect-facts.ts";
import { type Gathered } from "../../plan/facts.ts";
import { type ActivationPlan, planActivation } from "../../plan/plan-activation.ts";
import { standingOf } from "./reachability.ts";

type Wish = Pick<ActivateOptions, "check" | "dryRun" | "root" | "timeoutMs">;

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
  await noteSeenNics(host, wish.root, { gathered, plan, nics: applied.nics });
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
  const [first] = (kernel?.routes ?? [])
    .filter(({ table, destination }) => table === mainTable && destination === "0.0.0.0/0")
    .toSorted((left, right) => left.metric - right.metric);
  const primary = mac === null ? undefined : nics.find((link) => link.mac === mac);
  return primary ?? nics.find(({ name }) => name === first?.link) ?? null;
}

interface Done {
  readonly gathered: Gathered;
  readonly plan: ActivationPlan;
  readonly nics: readonly NicResult[];
}

/** An image that is made on some machine has nothing to do with that one's devices. */
async function noteSeenNics(
  host: Host,
  root: string,
  { gathered: { facts, devices }, plan, nics }: Done,
): Promise<void> {
  const { links, scope } = facts;
  if (scope === undefined && !isThisMachine(root)) return;
  const have = (...outcomes: readonly string[]): readonly string[] =>
    nics.filter(({ outcome }) => outcomes.includes(outcome)).map(({ mac }) => mac);
  const isAll = (scope?.macs ?? null) === null;
  const configured = plan.config.nics.map(({ mac }) => mac);
  const done = have("configured", "unchanged").filter((mac) => configured.includes(mac));
  const touched = [
    ...plan.write.map(({ mac }) => mac),
    ...plan.remove.map((path) => macOfOwnPath(path)),
  ];
  const isWritten = (mac: string): boolean => touched.includes(mac);
  const seen = {
    nics: nicsAmong(links),
    devices,
    forgotten: have("retired"),
    settled: isAll ? done : [],
    unsettled: isAll ? [] : configured,
    found: configured.filter((mac) => !isWritten(mac)),
    written: configured.filter(isWritten),
  };
  await noteNics(host, seen, root);
}

/** Of these NICs nothing more is awaited: they are configured as they are. */
export async function noteSettled(
  host: Host,
  wish: Wish,
  settled: readonly string[],
): Promise<void> {
  if (wish.dryRun || settled.length === 0) return;
  await alone(host, wish, async () => {
    const [links, devices] = await Promise.all([readLinks(host), readBus(host)]);
    const nothing = { forgotten: [], unsettled: [], found: [], written: [] };
    await noteNics(host, { ...nothing, nics: nicsAmong(links), devices, settled }, wish.root);
  });
}

/** What was found, what was planned, and what came of it. */
export interface AppliedNics extends Applied {
  readonly gathered: Gathered;
  readonly plan: ActivationPlan;
}

/**
 * Configures the NICs of `subject` as `asked` says, and takes away what is left of those whose
 * devices have left the machine, as the only run that changes this machine. Throws what the readers
 * and `carryOut` throw.
 */
export function applyNics(
  host: Host,
  options: ActivateOptions,
  asked: Asked,
  subject: Subject,
): Promise<AppliedNics> {
  return alone(host, options, async () => {
    const gathered = await gatherFacts(host, options, asked, subject);
    const plan = planActivation(gathered, options);
    const applied = await carryOut(host, options, { asked, gathered, plan });
    return { gathered, plan, ...applied };
  });
}

/** Nobody was asked, and nothing was said of any ENI. */
export const unasked: Asked = {
  parsed: { enis: [], incomplete: [], ghosts: [], missing: null },
  imds: null,
  settings: null,
};
