import { applyPlan } from "../../apply/apply-plan.ts";
import { runExclusively } from "../../apply/lock.ts";
import type { Target, TargetHost } from "../../host/target.ts";
import { readBus } from "../../inspect/links/bus.ts";
import { readLinks } from "../../inspect/links/links.ts";
import { saveRepairNotes } from "../../apply/repair-notes.ts";
import { saveNicRecords } from "../../apply/save-nic-records.ts";
import { mainTable } from "../../model/kernel-state.ts";
import type { Link } from "../../model/link.ts";
import { macOfManagedPath } from "../../model/managed-paths.ts";
import type { ApplyResult } from "../../model/plan.ts";
import { filterNicLinks } from "../../plan/config/match-nics.ts";
import type { CollectedFacts } from "../../plan/facts.ts";
import { parseManagedNics } from "../../plan/files/managed-nics.ts";
import { type ActivationPlan, planActivation } from "../../plan/plan-activation.ts";
import { collectFacts, type NicSelection } from "./collect-facts.ts";
import { addDaemonVerdict } from "./daemon-verdict.ts";
import type { LoadedEnis } from "./load-enis.ts";
import type { ConfigureOptions } from "./options.ts";
import { readReachability } from "./reachability.ts";

/** The collected facts, the plan, and the result of applying the plan. */
export interface AppliedConfiguration extends ApplyResult, PlannedConfiguration {}

interface PlannedConfiguration {
  readonly collected: CollectedFacts;
  readonly plan: ActivationPlan;
}

/**
 * Collects facts, makes a plan and applies it, while no other run can change this machine. Throws
 * what the readers, `runExclusively` and `applyPlan` throw, and `CONFIG` if no backend is active.
 */
export function configureNics(
  host: TargetHost,
  options: ConfigureOptions,
  loaded: LoadedEnis,
  selection: NicSelection,
): Promise<AppliedConfiguration> {
  return runExclusively(host, options, async () => {
    const collected = await collectFacts(host, options, loaded, selection);
    const planned = { collected, plan: planActivation(collected, options) };
    return { ...planned, ...(await applyActivation(host, options, loaded, planned)) };
  });
}

/** Applies a plan, but not with `--check` or `--dry-run`. Throws what `applyPlan` throws. */
async function applyActivation(
  host: TargetHost,
  options: ConfigureOptions,
  { imds, settings }: LoadedEnis,
  planned: PlannedConfiguration,
): Promise<ApplyResult> {
  const { collected, plan } = planned;
  if (options.check === true || options.dryRun) {
    return { nics: plan.nics, failure: null, activatedMs: host.clock.now() };
  }
  const { interruptedRun } = collected;
  const isRouted = imds?.through === "routing";
  const inputs = { primary: findPrimaryLink(planned), settings, isRouted, interruptedRun };
  const reachability = plan.steps.length === 0 ? null : await readReachability(host, inputs);
  const applyOptions = { reachability, interruptedRun, undo: plan.rollback };
  const { activation } = plan;
  const hasSteps = plan.steps.length > 0;
  const result = await applyPlan(host, plan, applyOptions);
  const applied = await addDaemonVerdict(host, { activation, collected, hasSteps }, result);
  if (activation.stage === "network") {
    await saveRepairNotes(host, collected.repairNotes, plan.repairNotes);
  }
  await recordSeenNics(host.target, { ...planned, ...applied });
  return applied;
}

/**
 * The link of the primary NIC; null if there is none. If the plan does not contain the primary NIC,
 * our file for it identifies the link. If there is no such file, the default route does.
 */
function findPrimaryLink({ collected, plan }: PlannedConfiguration): Link | null {
  const { facts, kernel } = collected;
  const knownNics = [...plan.config.nics, ...parseManagedNics(facts.state.files)];
  const mac = knownNics.find(({ isPrimary }) => isPrimary)?.mac ?? null;
  const nics = filterNicLinks(facts.links);
  const [defaultRoute] = (kernel?.routes ?? [])
    .filter(({ table, destination }) => table === mainTable && destination === "0.0.0.0/0")
    .toSorted((left, right) => left.metric - right.metric);
  const primary = mac === null ? undefined : nics.find((link) => link.mac === mac);
  return primary ?? nics.find(({ name }) => name === defaultRoute?.link) ?? null;
}

/** Records the NICs of a run; does nothing for an image, which lacks this machine's devices. */
async function recordSeenNics(
  target: Target,
  { collected: { facts, devices }, plan, nics }: AppliedConfiguration,
): Promise<void> {
  const { links, scope } = facts;
  if (scope === undefined && !target.isThisMachine) return;
  const selectMacs = (...outcomes: readonly string[]): readonly string[] =>
    nics.filter(({ outcome }) => outcomes.includes(outcome)).map(({ mac }) => mac);
  const isWholeMachine = (scope?.macs ?? null) === null;
  const planned = plan.config.nics.map(({ mac }) => mac);
  const completed = selectMacs("configured", "unchanged").filter((mac) => planned.includes(mac));
  const removedPaths = plan.remove.map((path) => macOfManagedPath(path));
  const written = new Set([...plan.write.map(({ mac }) => mac), ...removedPaths]);
  await saveNicRecords(target, {
    nics: filterNicLinks(links),
    devices,
    removed: selectMacs("retired"),
    settled: isWholeMachine ? completed : [],
    unsettled: isWholeMachine ? [] : planned,
    foundUnchanged: planned.filter((mac) => !written.has(mac)),
    written: planned.filter((mac) => written.has(mac)),
  });
}

/** Records that these NICs have all their metadata and are configured, so no run waits for more. */
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
