import type { Eni, IncompleteEni } from "../../model/eni.ts";
import type { Activation, ConfigFile, HostState, NetworkPlan, Step } from "../../model/plan.ts";
import type { Link } from "../../model/link.ts";
import type { NetworkConfig, NicConfig } from "../../model/network-config.ts";
import { macOfOwnPath } from "../../model/managed-paths.ts";
import { configure, type Leases, untoldFamilies } from "../config/configure.ts";
import { matchNics } from "../config/match-nics.ts";
import { planChanges } from "./plan-changes.ts";
import { planSteps } from "../backend/activation-steps.ts";
import { retire } from "./managed-nics.ts";
import { parseUnmanaged, selectNics } from "../config/select-nics.ts";
import { undoSteps } from "../backend/rollback-steps.ts";

/** What IMDS says, what the kernel shows, what lies on the disk. */
export interface NetworkFacts {
  readonly enis: readonly Eni[];
  readonly incomplete: readonly IncompleteEni[];
  readonly links: readonly Link[];
  readonly state: HostState;
  /** MACs that IMDS still lists, and whose place another has that is here: nothing is done there. */
  readonly ghosts?: readonly string[];
  /** MACs whose devices are on their buses without a link: they keep their files. */
  readonly onBus?: readonly string[];
  /** What DHCP gave to NICs whose ENIs are still watched; left out: what IMDS says is all there is. */
  readonly leases?: Leases;
  /** What is decided on; left out: the whole machine, as IMDS tells it. */
  readonly scope?: Scope;
}

/** What an event, or the look at the bus, adds to what IMDS says. */
export interface Scope {
  /** These alone, as an event names them: nothing else is touched, or told of. null: all. */
  readonly macs: readonly string[] | null;
  /** Their devices have left the machine: the kernel says so, whatever IMDS still lists. */
  readonly gone: readonly string[];
}

/** How the backend in charge is spoken to. */
export interface BackendChoice {
  readonly activation: Activation;
  readonly render: (config: NetworkConfig) => readonly ConfigFile[];
  /** Files that belong to no NIC. */
  readonly machineFiles: readonly ConfigFile[];
  /** How all this was decided. */
  readonly trace: readonly string[];
}

export interface PlannedNetwork extends NetworkPlan {
  /** What takes `steps` back, once the files are the old ones again. */
  readonly undo: readonly Step[];
  /** What the network should be, whatever it is now. */
  readonly config: NetworkConfig;
  /** What somebody should look at, whatever comes of the run. */
  readonly warnings: readonly string[];
}

/** From the facts to everything that will be done to the machine, and why. */
export function planNetwork(facts: NetworkFacts, choice: BackendChoice): PlannedNetwork {
  const { links, state, scope } = facts;
  const isHere = ({ mac }: { readonly mac: string }): boolean => !scope?.gone.includes(mac);
  const [enis, incomplete] = [facts.enis.filter(isHere), facts.incomplete.filter(isHere)];
  const only = scope?.macs ?? null;
  const unmanaged = parseUnmanaged(state.unmanaged);
  const match = matchNics(enis, links);
  const { chosen, left } = selectNics(match, incomplete, unmanaged);
  const isAlone = only === null && enis.length + incomplete.length === 1;
  const config = configure(chosen, isAlone, facts.leases);
  const listed = [...facts.enis, ...facts.incomplete].map(({ mac }) => mac);
  const listedMacs = new Set([...listed, ...(facts.ghosts ?? []), ...(facts.onBus ?? [])]);
  const retired = retiredOf(facts, listedMacs, unmanaged.entries);
  const isTold = (mac: string): boolean =>
    (only === null || only.includes(mac)) && !retired.includes(mac);
  const wanted = {
    backend: choice.activation.backend,
    config,
    files: [...choice.render(config), ...choice.machineFiles],
    left: left.filter(({ mac }) => isTold(mac)),
    retired,
    gone: scope?.gone ?? [],
    reasons: [
      ...choice.trace,
      ...unmanaged.reasons,
      ...match.reasons,
      ...whyNotHere(facts),
      ...config.nics.flatMap(whyDhcp),
    ],
  };
  const plan = planChanges(wanted, state);
  return {
    ...plan,
    config,
    warnings: unmanaged.reasons,
    steps: planSteps(plan, config.nics, choice.activation),
    undo: undoSteps(plan, config.nics, choice.activation),
  };
}

/** What an admin lists is left alone, gone or not. */
function retiredOf(
  facts: NetworkFacts,
  listedMacs: ReadonlySet<string>,
  unmanaged: ReadonlySet<string>,
): readonly string[] {
  const { state, links, scope } = facts;
  const own = new Set(state.files.map(({ path }) => macOfOwnPath(path)));
  const gone = (scope?.gone ?? []).filter((mac) => own.has(mac) && !unmanaged.has(mac));
  const isAll = (scope?.macs ?? null) === null && isListWhole(facts);
  const unlisted = isAll ? retire(state.files, listedMacs, links) : [];
  return [...new Set([...gone, ...unlisted])];
}

function whyNotHere({ enis, incomplete, scope }: NetworkFacts): readonly string[] {
  const listed = [...enis, ...incomplete].map(({ mac }) => mac);
  const absent = listed.filter((mac) => scope?.gone.includes(mac));
  return absent.map((mac) => `${mac}: IMDS lists it, and no device here can be it: not configured`);
}

function whyDhcp(nic: NicConfig): readonly string[] {
  const [who, gave] = [nic.name ?? nic.mac, "DHCP gave an address that IMDS does not list yet"];
  return untoldFamilies(nic).map((family) => `${who}: IPv${family}: ${gave}: it stays on`);
}

/** While IMDS still lists ENIs by and by, one that it does not list may be one that it will. */
function isListWhole({ enis, incomplete }: NetworkFacts): boolean {
  return incomplete.length === 0 && enis.some(({ isPrimary }) => isPrimary);
}
