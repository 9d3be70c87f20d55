import type {
  Activation,
  Backend,
  ConfigFile,
  Difference,
  NetplanRenderer,
} from "../model/plan.ts";
import type { NetworkConfig } from "../model/network-config.ts";
import { checkFiles } from "./files/plan-changes.ts";
import { checkKernel } from "./drift/compare.ts";
import { chooseBackend, findIdleReason } from "./backend/choose-backend.ts";
import { changedMacs, addInterruptedChanges } from "./files/changes.ts";
import { findConflicts } from "./conflicts/competing-files.ts";
import { dropSettled } from "./lease/provisional.ts";
import { expectedKernel } from "./drift/expected-kernel.ts";
import { planDns, planNetworkdConfig } from "./backend/machine-files.ts";
import { planNetwork, type PlannedNetwork } from "./files/plan-network.ts";
import { activationSteps } from "./backend/activation-steps.ts";
import { repairSteps } from "./drift/repair.ts";
import { rollbackSteps } from "./backend/rollback-steps.ts";
import { renderNetplan } from "../render/netplan.ts";
import { renderNetworkManager } from "../render/network-manager.ts";
import { renderNetworkd } from "../render/networkd.ts";
import type { CollectedFacts } from "./facts.ts";

/** `auto`: the backend that is in charge, from facts. */
type BackendChoice = Backend | "auto";

export interface ActivationPlan extends PlannedNetwork {
  /** What differs from what IMDS says, on the disk and in the kernel. */
  readonly differences: readonly Difference[];
}

/** From all that was gathered to all that will be done, and why. Pure. */
export function planActivation(
  collected: CollectedFacts,
  { backend: requestedBackend }: { readonly backend: BackendChoice },
): ActivationPlan {
  const { dns, facts } = collected;
  const { activation, trace } = chooseActivation(collected, requestedBackend);
  const dnsPlan = planDns(dns);
  const plan = planNetwork(facts, {
    activation,
    render: (config) => renderFiles(config, activation),
    machineFiles: [
      ...planNetworkdConfig(activation),
      ...(dnsPlan.file === null ? [] : [dnsPlan.file]),
    ],
    trace: [collected.stageReason, ...trace, ...dnsPlan.reasons],
  });
  return addRepairs(plan, collected, activation);
}

/** Who is in charge, and how that was found. Throws `CONFIG` where nobody is. */
export function chooseActivation(
  { backends, profiles, stage }: Pick<CollectedFacts, "backends" | "profiles" | "stage">,
  requestedBackend: BackendChoice,
): { readonly activation: Activation; readonly trace: readonly string[] } {
  const { trace, ...choice } = chooseBackend(backends, requestedBackend, stage);
  const { hasSystemd } = backends;
  return { activation: { ...choice, stage, hasSystemd, activeProfiles: profiles }, trace };
}

function renderFiles(config: NetworkConfig, activation: RenderTarget): readonly ConfigFile[] {
  if (activation.backend === "network-manager") return renderNetworkManager(config);
  if (activation.backend === "networkd") return renderNetworkd(config);
  return renderNetplan(config, activation.renderer ?? "networkd");
}

interface RenderTarget {
  readonly backend: Backend;
  readonly renderer: NetplanRenderer | null;
}

/**
 * Where files change, the daemon does the rest; where they do not, the kernel may still have lost
 * something, and that alone is mended. What a killed run has changed is activated with the rest.
 */
function addRepairs(
  plan: PlannedNetwork,
  { facts, kernel, otherFiles, interruptedRun }: CollectedFacts,
  activation: Activation,
): ActivationPlan {
  const changes = addInterruptedChanges(plan, interruptedRun?.previous ?? [], facts.state.files);
  const steps = activationSteps(changes, plan.config.nics, activation);
  const expected = expectedKernel(plan.config, facts, facts.state.files);
  const drift = kernel === null ? [] : checkKernel(expected, kernel);
  const changed = changedMacs(changes);
  const untouched = drift.filter(({ mac }) => mac === null || !changed.has(mac));
  const isLive = activation.stage === "network";
  const repair = isLive ? repairSteps(untouched, expected, activation) : { steps: [], reasons: [] };
  // files that nobody reads bring nothing
  const activeNics = plan.config.nics.filter(
    ({ mac }) => activation.isRunning || !changed.has(mac),
  );
  const dropSteps = isLive && kernel !== null ? dropSettled(activeNics, kernel) : [];
  const idleReason = findIdleReason(activation);
  const competingReasons = findConflicts(otherFiles, listConfiguredNics(plan, facts), activation);
  return {
    ...plan,
    steps: [...steps, ...repair.steps, ...dropSteps],
    rollback: rollbackSteps(changes, plan.config.nics, activation),
    reasons: [...plan.reasons, ...competingReasons, ...repair.reasons],
    warnings: [...plan.warnings, ...(idleReason === null ? [] : [idleReason])],
    differences: [...checkFiles(plan, facts.state), ...drift],
  };
}

function listConfiguredNics({ config }: PlannedNetwork, { links }: CollectedFacts["facts"]) {
  return config.nics.map(({ mac, name }) => {
    const link = links.find((each) => each.name === name);
    return { mac, name, driver: link?.driver ?? null, kind: link?.kind ?? null };
  });
}
