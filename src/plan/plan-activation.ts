import type { DaemonFacts } from "../model/backend-facts.ts";
import {
  type Activation,
  type Backend,
  type ConfigFile,
  type Difference,
  type Step,
  usesNetworkManager,
} from "../model/plan.ts";
import { filterNicLinks } from "./config/match-nics.ts";
import {
  type DaemonProblem,
  findDaemonProblems,
  planOutcomes,
} from "./conflicts/daemon-problems.ts";
import { type Exclusions, findExclusions } from "./conflicts/left-alone.ts";
import type { NetworkConfig } from "../model/network-config.ts";
import type { RepairNotes } from "../model/run-records.ts";
import { checkFiles } from "./files/plan-changes.ts";
import { checkKernel } from "./drift/compare.ts";
import { chooseBackend, findIdleReason } from "./backend/choose-backend.ts";
import { changedMacs, addInterruptedChanges } from "./files/changes.ts";
import { findConflicts } from "./conflicts/competing-files.ts";
import { dropSettled } from "./lease/provisional.ts";
import { chooseRuleStyle } from "./backend/choose-rule-style.ts";
import { addMainRoutes } from "./drift/main-routes.ts";
import {
  acceptLeases,
  type AcceptedLeases,
  findTriedRepairs,
  listTriedRepairs,
  markLeases,
  updateNotes,
} from "./drift/leases.ts";
import { expectedKernel } from "./drift/expected-kernel.ts";
import { planDns, planNetworkdConfig } from "./backend/machine-files.ts";
import { planNetwork, type PlannedNetwork } from "./files/plan-network.ts";
import { activationSteps, readAgainSteps } from "./backend/activation-steps.ts";
import { repairSteps } from "./drift/repair.ts";
import { rollbackSteps } from "./backend/rollback-steps.ts";
import { renderNetplan } from "../render/netplan.ts";
import { renderNetworkManager } from "../render/network-manager.ts";
import { renderNetworkd } from "../render/networkd.ts";
import type { CollectedFacts } from "./facts.ts";

/** `auto` is the backend that configures this machine's network now. */
type RequestedBackend = Backend | "auto";

export interface ActivationPlan extends PlannedNetwork {
  readonly steps: readonly Step[];
  /** The commands that undo `steps`; they run after the old files have been restored. */
  readonly rollback: readonly Step[];
  /** Where files and kernel differ from what IMDS says, and what the daemon in charge says. */
  readonly differences: readonly Difference[];
  readonly activation: Activation;
  /** What the next run has to know about repairs. */
  readonly repairNotes: RepairNotes;
}

/**
 * The whole plan of a run, made from the collected facts: files, commands, the commands that undo
 * them, and the reasons. Throws `CONFIG` if no backend configures the network, or if the admin's
 * policy has an unknown word.
 */
export function planActivation(
  collected: CollectedFacts,
  { backend }: { readonly backend: RequestedBackend },
): ActivationPlan {
  const { activation, trace, leftAlone } = chooseActivation(collected, backend);
  const { file, reasons } = planDns(collected.dns);
  const style = chooseRuleStyle(activation, collected.backends.systemdVersion);
  const plan = planNetwork(
    { ...collected.facts, leftAloneByDaemon: leftAlone },
    {
      backend: activation.backend,
      render: (config) => renderFiles(config, activation),
      ruleStyle: style.ruleStyle,
      machineFiles: [...planNetworkdConfig(activation), ...(file === null ? [] : [file])],
      trace: [collected.stageReason, ...trace, style.reason, ...reasons],
    },
  );
  return addRepairs(plan, collected, activation);
}

interface ChosenActivation {
  readonly activation: Activation;
  readonly trace: readonly string[];
  /** Why the daemon in charge is told to leave NICs alone, by MAC. */
  readonly leftAlone: Readonly<Record<string, string>>;
}

/** What the choice of the backend depends on. */
type ActivationFacts = Pick<
  CollectedFacts,
  "backends" | "daemonLinks" | "otherFiles" | "profiles" | "stage"
> & { readonly facts: Pick<CollectedFacts["facts"], "links"> };

/** The backend in charge, and how it was found. Throws `CONFIG` if no backend is in charge. */
export function chooseActivation(
  collected: ActivationFacts,
  requestedBackend: RequestedBackend,
): ChosenActivation {
  const { backends, daemonLinks, otherFiles, profiles, stage } = collected;
  const nics = filterNicLinks(collected.facts.links);
  const { networkManager, networkd } = findExclusions({ otherFiles, daemonLinks, nics });
  const facts = {
    ...backends,
    networkManager: addExclusion(backends.networkManager, networkManager),
    networkd: addExclusion(backends.networkd, networkd),
  };
  const { trace, ...choice } = chooseBackend(facts, requestedBackend, stage);
  const { hasSystemd } = backends;
  const leftAlone = (usesNetworkManager(choice) ? networkManager : networkd).byMac;
  const activation = { ...choice, stage, hasSystemd, activeProfiles: profiles };
  return { activation, trace, leftAlone };
}

function addExclusion(daemon: DaemonFacts, { ofAll }: Exclusions): DaemonFacts {
  return ofAll === null ? daemon : { ...daemon, leavesAllAlone: ofAll };
}

function renderFiles(config: NetworkConfig, activation: Activation): readonly ConfigFile[] {
  if (activation.backend === "network-manager") return renderNetworkManager(config);
  if (activation.backend === "networkd") return renderNetworkd(config);
  return renderNetplan(config, activation.renderer ?? "networkd");
}

/**
 * Adds the commands. If a NIC's files change, the daemon configures the NIC. If they do not change,
 * only what the kernel has lost is repaired. Files that a killed run changed are activated too.
 */
function addRepairs(
  plan: PlannedNetwork,
  collected: CollectedFacts,
  activation: Activation,
): ActivationPlan {
  const { facts, kernel, otherFiles, interruptedRun } = collected;
  const changes = addInterruptedChanges(plan, interruptedRun?.previous ?? [], facts.state.files);
  const changed = changedMacs(changes);
  const planned = planRepair(plan, collected, { activation, changed });
  const { problems, drift, repair, repairNotes } = planned;
  // While the daemon does not run, changed files have no effect, so their NICs are not settled.
  const active = plan.config.nics.filter(({ mac }) => activation.isRunning || !changed.has(mac));
  const isLive = activation.stage === "network" && kernel !== null;
  const steps = [
    ...activationSteps(changes, plan.config.nics, activation),
    ...repair.steps,
    ...(isLive ? dropSettled(active, kernel) : []),
  ];
  const idleReason = findIdleReason(activation);
  const competingReasons = findConflicts(otherFiles, listConfiguredNics(plan, facts), activation);
  return {
    ...plan,
    steps,
    rollback: rollbackSteps(changes, plan.config.nics, activation),
    reasons: [...plan.reasons, ...competingReasons, ...repair.reasons],
    warnings: [...plan.warnings, ...(idleReason === null ? [] : [idleReason]), ...planned.warnings],
    nics: planOutcomes(plan.nics, problems, steps),
    activation,
    repairNotes,
    differences: [...checkFiles(plan, facts.state), ...problems.map(problemDifference), ...drift],
  };
}

interface PlannedRepair {
  readonly problems: readonly DaemonProblem[];
  /** The differences between the kernel and the plan, also those that are not repaired. */
  readonly drift: readonly Difference[];
  readonly repair: Pick<ActivationPlan, "steps" | "reasons">;
  readonly repairNotes: RepairNotes;
  readonly warnings: readonly string[];
}

/** Repairs of NICs whose files do not change. */
function planRepair(
  plan: PlannedNetwork,
  collected: CollectedFacts,
  run: { readonly activation: Activation; readonly changed: ReturnType<typeof changedMacs> },
): PlannedRepair {
  const { activation, changed } = run;
  const { kernel, repairNotes: notes } = collected;
  const unchanged = plan.config.nics.filter(({ mac }) => !changed.has(mac));
  const problems = findDaemonProblems(unchanged, { ...collected, activation });
  const { expected, accepted, warnings } = expectKernel(plan, collected);
  const drift = kernel === null ? [] : checkKernel(expected, kernel);
  if (activation.stage === "local") {
    const repair = { steps: [], reasons: [] };
    return { problems, drift, repair, repairNotes: notes, warnings };
  }
  // what another file of the daemon holds is not repaired, because the daemon would undo it
  const held = problems.filter(({ kind }) => kind !== "failed").map(({ mac }) => mac);
  const isUnread = changed.size === 0 && problems.some(({ kind }) => kind === "unread");
  const isRepaired = (mac: string): boolean => !changed.has(mac) && !held.includes(mac);
  const tried = findTriedRepairs(drift, notes);
  const untouched = drift.filter((each) => {
    const isOpen = !tried.some((other) => other === each);
    return isOpen && (each.mac === null || isRepaired(each.mac));
  });
  const { steps, reasons } = repairSteps(untouched, expected, activation);
  const asked = listTriedRepairs(untouched, steps);
  const macs = plan.config.nics.map(({ mac }) => mac);
  return {
    problems,
    drift,
    repair: {
      steps: [...(isUnread ? readAgainSteps(activation) : []), ...steps],
      reasons: [...reasons, ...tried.map(({ text }) => `${text}; ${notRepeated}`)],
    },
    repairNotes: updateNotes(notes, macs, { asked, tried, accepted, warnings }),
    warnings: warnings.filter((text) => !notes.told.includes(text)),
  };
}

const notRepeated = "an earlier run had its daemon ask DHCP again, which did not help";

function problemDifference({ mac, name, text }: DaemonProblem): Difference {
  return { kind: "daemon", what: "wrong", mac, name, text };
}

function expectKernel(
  { config }: PlannedNetwork,
  { facts, kernel, daemonLinks, repairNotes }: CollectedFacts,
): AcceptedLeases {
  const expected = expectedKernel(config, facts, facts.state.files);
  if (kernel === null) return { expected, accepted: [], warnings: [] };
  const leased = markLeases(kernel, daemonLinks);
  return acceptLeases(addMainRoutes(expected, kernel, facts.links), leased, repairNotes);
}

function listConfiguredNics({ config }: PlannedNetwork, { links }: CollectedFacts["facts"]) {
  return config.nics.map(({ mac, name }) => {
    const link = links.find((each) => each.name === name);
    return { mac, name, driver: link?.driver ?? null, kind: link?.kind ?? null };
  });
}
