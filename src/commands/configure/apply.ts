import { applyPlan } from "../../apply/apply-plan.ts";
import { type ApplyResult } from "../../model/plan.ts";
import { runExclusively } from "../../apply/lock.ts";
import type { Target, TargetHost } from "../../host/target.ts";
import { saveNicRecords } from "../../inspect/nic-records.ts";
import { readBus } from "../../inspect/links/bus.ts";
import { readLinks } from "../../inspect/links/links.ts";
import { mainTable } from "../../model/kernel-state.ts";
import type { Link } from "../../model/link.ts";
import { macOfManagedPath } from "../../model/managed-paths.ts";
import type { NicResult } from "../../model/plan.ts";
import { filterNicLinks } from "../../plan/config/match-nics.ts";
import { parseManagedNics } from "../../plan/files/managed-nics.ts";
import type { ActivateOptions } from "./options.ts";
import type { LoadedEnis } from "./load-enis.ts";
import { collectFacts, type NicSelection } from "./collect-facts.ts";
import { type CollectedFacts } from "../../plan/facts.ts";
import { type ActivationPlan, planActivation } from "../../plan/plan-activation.ts";
import { readReachability } from "./reachability.ts";

type ConfigureOptions = Pick<ActivateOptions, "check" | "dryRun" | "root" | "timeoutMs">;

/** Carries a plan out, unless it is only to be shown. Throws what `applyPlan` throws. */
export async function applyActivation(
  host: TargetHost,
  options: ConfigureOptions,
  {
    loaded,
    collected,
    plan,
  }: { loaded: LoadedEnis; collected: CollectedFacts; plan: ActivationPlan },
): Promise<ApplyResult> {
  if (options.check || options.dryRun) {
    return { nics: plan.nics, failure: null, activatedMs: host.clock.now() };
  }
  const { interruptedRun } = collected;
  const isRouted = loaded.imds?.through === "routing";
  const primary = findPrimaryLink(collected, plan);
  const reachability =
    plan.steps.length === 0
      ? null
      : await readReachability(host, {
          primary,
          settings: loaded.settings,
          isRouted,
          interruptedRun,
        });
  const applyOptions = { reachability, interruptedRun, undo: plan.rollback };
  const applied = await applyPlan(host, plan, applyOptions);
  await recordSeenNics(host.target, { collected, plan, nics: applied.nics });
  return applied;
}

/**
 * Of a plan for some NICs alone, our file tells which NIC is the primary; before there is one, the
 * NIC that holds the default route stands for it.
 */
function findPrimaryLink(
  { facts: { links, state }, kernel }: CollectedFacts,
  { config }: ActivationPlan,
): Link | null {
  const knownNics = [...config.nics, ...parseManagedNics(state.files)];
  const mac = knownNics.find(({ isPrimary }) => isPrimary)?.mac ?? null;
  const nics = filterNicLinks(links);
  const [defaultRoute] = (kernel?.routes ?? [])
    .filter(({ table, destination }) => table === mainTable && destination === "0.0.0.0/0")
    .toSorted((left, right) => left.metric - right.metric);
  const primary = mac === null ? undefined : nics.find((link) => link.mac === mac);
  return primary ?? nics.find(({ name }) => name === defaultRoute?.link) ?? null;
}

interface ConfigurationToRecord {
  readonly collected: CollectedFacts;
  readonly plan: ActivationPlan;
  readonly nics: readonly NicResult[];
}

/** An image that is made on some machine has nothing to do with that one's devices. */
async function recordSeenNics(
  target: Target,
  { collected: { facts, devices }, plan, nics }: ConfigurationToRecord,
): Promise<void> {
  const { links, scope } = facts;
  if (scope === undefined && !target.isThisMachine) return;
  const selectMacs = (...outcomes: readonly string[]): readonly string[] =>
    nics.filter(({ outcome }) => outcomes.includes(outcome)).map(({ mac }) => mac);
  const isWholeMachine = (scope?.macs ?? null) === null;
  const planned = plan.config.nics.map(({ mac }) => mac);
  const completed = selectMacs("configured", "unchanged").filter((mac) => planned.includes(mac));
  const written = [
    ...plan.write.map(({ mac }) => mac),
    ...plan.remove.map((path) => macOfManagedPath(path)),
  ];
  const isWritten = (mac: string): boolean => written.includes(mac);
  const observed = {
    nics: filterNicLinks(links),
    devices,
    removed: selectMacs("retired"),
    settled: isWholeMachine ? completed : [],
    unsettled: isWholeMachine ? [] : planned,
    foundUnchanged: planned.filter((mac) => !isWritten(mac)),
    written: planned.filter(isWritten),
  };
  await saveNicRecords(target, observed);
}

/** Of these NICs nothing more is awaited: they are configured as they are. */
export async function recordSettledNics(
  host: TargetHost,
  options: ConfigureOptions,
  settled: readonly string[],
): Promise<void> {
  if (options.dryRun || settled.length === 0) return;
  await runExclusively(host, options, async () => {
    const [links, devices] = await Promise.all([readLinks(host), readBus(host)]);
    const noChanges = { removed: [], unsettled: [], foundUnchanged: [], written: [] };
    const nics = filterNicLinks(links);
    await saveNicRecords(host.target, { ...noChanges, nics, devices, settled });
  });
}

/** What was found, what was planned, and what came of it. */
export interface AppliedConfiguration extends ApplyResult {
  readonly collected: CollectedFacts;
  readonly plan: ActivationPlan;
}

/**
 * Configures the NICs of `subject` as `asked` says, and takes away what is left of those whose
 * devices have left the machine, as the only run that changes this machine. Throws what the readers
 * and `carryOut` throw.
 */
export function configureNics(
  host: TargetHost,
  options: ActivateOptions,
  loaded: LoadedEnis,
  selection: NicSelection,
): Promise<AppliedConfiguration> {
  return runExclusively(host, options, async () => {
    const collected = await collectFacts(host, options, loaded, selection);
    const plan = planActivation(collected, options);
    const applied = await applyActivation(host, options, { loaded, collected, plan });
    return { collected, plan, ...applied };
  });
}

/** Nobody was asked, and nothing was said of any ENI. */
export const noLoadedEnis: LoadedEnis = {
  parsed: { enis: [], incomplete: [], detachedEnis: [], missing: null },
  imds: null,
  settings: null,
};
