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
import { chooseBackend, whyIdle } from "./backend/choose.ts";
import { changedMacs, finishChanges } from "./files/changes.ts";
import { competingFiles } from "./conflicts/competing-files.ts";
import { dropSettled } from "./lease/provisional.ts";
import { expectedKernel } from "./drift/expected-kernel.ts";
import { planDns, planForeign } from "./backend/machine-files.ts";
import { planNetwork, type PlannedNetwork } from "./files/plan-network.ts";
import { planSteps } from "./backend/activation-steps.ts";
import { repairSteps } from "./drift/repair.ts";
import { undoSteps } from "./backend/rollback-steps.ts";
import { renderNetplan } from "../render/netplan.ts";
import { renderNetworkManager } from "../render/network-manager.ts";
import { renderNetworkd } from "../render/networkd.ts";
import type { Gathered } from "./facts.ts";

/** `auto`: the backend that is in charge, from facts. */
type BackendChoice = Backend | "auto";

export interface ActivationPlan extends PlannedNetwork {
  /** What differs from what IMDS says, on the disk and in the kernel. */
  readonly differences: readonly Difference[];
}

/** From all that was gathered to all that will be done, and why. Pure. */
export function planActivation(
  gathered: Gathered,
  { backend: wish }: { readonly backend: BackendChoice },
): ActivationPlan {
  const { dns, facts } = gathered;
  const { activation, trace } = activationOf(gathered, wish);
  const forDns = planDns(dns);
  const plan = planNetwork(facts, {
    activation,
    render: (config) => render(config, activation),
    machineFiles: [...planForeign(activation), ...(forDns.file === null ? [] : [forDns.file])],
    trace: [gathered.stageReason, ...trace, ...forDns.reasons],
  });
  return withRepairs(plan, gathered, activation);
}

/** Who is in charge, and how that was found. Throws `CONFIG` where nobody is. */
export function activationOf(
  { backends, profiles, stage }: Pick<Gathered, "backends" | "profiles" | "stage">,
  wish: BackendChoice,
): { readonly activation: Activation; readonly trace: readonly string[] } {
  const { trace, ...choice } = chooseBackend(backends, wish, stage);
  const { hasSystemd } = backends;
  return { activation: { ...choice, stage, hasSystemd, active: profiles }, trace };
}

function render(config: NetworkConfig, activation: ForWhom): readonly ConfigFile[] {
  if (activation.backend === "network-manager") return renderNetworkManager(config);
  if (activation.backend === "networkd") return renderNetworkd(config);
  return renderNetplan(config, activation.renderer ?? "networkd");
}

interface ForWhom {
  readonly backend: Backend;
  readonly renderer: NetplanRenderer | null;
}

/**
 * Where files change, the daemon does the rest; where they do not, the kernel may still have lost
 * something, and that alone is mended. What a killed run has changed is activated with the rest.
 */
function withRepairs(
  plan: PlannedNetwork,
  { facts, kernel, others, unfinished }: Gathered,
  activation: Activation,
): ActivationPlan {
  const changes = finishChanges(plan, unfinished?.previous ?? [], facts.state.files);
  const steps = planSteps(changes, plan.config.nics, activation);
  const expected = expectedKernel(plan.config, facts, facts.state.files);
  const drift = kernel === null ? [] : checkKernel(expected, kernel);
  const changed = changedMacs(changes);
  const untouched = drift.filter(({ mac }) => mac === null || !changed.has(mac));
  const isLive = activation.stage === "network";
  const repair = isLive ? repairSteps(untouched, expected, activation) : { steps: [], reasons: [] };
  // files that nobody reads bring nothing
  const brought = plan.config.nics.filter(({ mac }) => activation.isRunning || !changed.has(mac));
  const dropped = isLive && kernel !== null ? dropSettled(brought, kernel) : [];
  const idle = whyIdle(activation);
  const rivals = competingFiles(others, matchedNics(plan, facts), activation);
  return {
    ...plan,
    steps: [...steps, ...repair.steps, ...dropped],
    undo: undoSteps(changes, plan.config.nics, activation),
    reasons: [...plan.reasons, ...rivals, ...repair.reasons],
    warnings: [...plan.warnings, ...(idle === null ? [] : [idle])],
    differences: [...checkFiles(plan, facts.state), ...drift],
  };
}

function matchedNics({ config }: PlannedNetwork, { links }: Gathered["facts"]) {
  return config.nics.map(({ mac, name }) => {
    const link = links.find((each) => each.name === name);
    return { mac, name, driver: link?.driver ?? null, kind: link?.kind ?? null };
  });
}
