import type { Eni, IncompleteEni } from "../../model/eni.ts";
import type { Backend, ConfigFile, HostState } from "../../model/plan.ts";
import type { Link } from "../../model/link.ts";
import type { NetworkConfig, NicConfig } from "../../model/network-config.ts";
import { macOfManagedPath } from "../../model/managed-paths.ts";
import { configure, type DhcpAddresses, unlistedLeaseFamilies } from "../config/configure.ts";
import { matchNics } from "../config/match-nics.ts";
import { type FilePlan, planChanges } from "./plan-changes.ts";
import { findRetiredMacs } from "./managed-nics.ts";
import { parseUnmanaged, selectNics } from "../config/select-nics.ts";

/** What IMDS says, what the kernel shows, what lies on the disk. */
export interface NetworkFacts {
  readonly enis: readonly Eni[];
  readonly incomplete: readonly IncompleteEni[];
  readonly links: readonly Link[];
  readonly state: HostState;
  /** MACs that IMDS still lists, and whose place another has that is here: nothing is done there. */
  readonly detachedEnis?: readonly string[];
  /** MACs whose devices are on their buses without a link: they keep their files. */
  readonly onBus?: readonly string[];
  /** What DHCP gave to NICs whose ENIs are still watched; left out: what IMDS says is all there is. */
  readonly leases?: DhcpAddresses;
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

/** The backend to plan for, and the files it needs. */
export interface PlanTarget {
  readonly backend: Backend;
  readonly render: (config: NetworkConfig) => readonly ConfigFile[];
  /** Files that belong to no NIC. */
  readonly machineFiles: readonly ConfigFile[];
  /** How backend and machine files were chosen. */
  readonly trace: readonly string[];
}

export interface PlannedNetwork extends FilePlan {
  /** What the network should be, regardless of what it is now. */
  readonly config: NetworkConfig;
  /** Problems to show to the admin, regardless of the run's outcome. */
  readonly warnings: readonly string[];
}

/** The files to write and to remove, given the facts, with the reasons. */
export function planNetwork(facts: NetworkFacts, target: PlanTarget): PlannedNetwork {
  const { links, state, scope } = facts;
  const isPresent = ({ mac }: { readonly mac: string }): boolean => !scope?.gone.includes(mac);
  const [enis, incomplete] = [facts.enis.filter(isPresent), facts.incomplete.filter(isPresent)];
  const scopedMacs = scope?.macs ?? null;
  const unmanaged = parseUnmanaged(state.unmanaged);
  const match = matchNics(enis, links);
  const { selected, leftAlone } = selectNics(match, incomplete, unmanaged);
  const isOnlyEni = scopedMacs === null && enis.length + incomplete.length === 1;
  const config = configure(selected, isOnlyEni, facts.leases);
  const listed = [...facts.enis, ...facts.incomplete].map(({ mac }) => mac);
  const listedMacs = new Set([...listed, ...(facts.detachedEnis ?? []), ...(facts.onBus ?? [])]);
  const retired = findRetired(facts, listedMacs, unmanaged.entries);
  const isInScope = (mac: string): boolean =>
    (scopedMacs === null || scopedMacs.includes(mac)) && !retired.includes(mac);
  const wanted = {
    backend: target.backend,
    config,
    files: [...target.render(config), ...target.machineFiles],
    leftAlone: leftAlone.filter(({ mac }) => isInScope(mac)),
    retired,
    gone: scope?.gone ?? [],
    reasons: [
      ...target.trace,
      ...unmanaged.reasons,
      ...match.reasons,
      ...absentReasons(facts),
      ...config.nics.flatMap(dhcpReasons),
    ],
  };
  return { ...planChanges(wanted, state), config, warnings: unmanaged.reasons };
}

/** What an admin lists is left alone, gone or not. */
function findRetired(
  facts: NetworkFacts,
  listedMacs: ReadonlySet<string>,
  unmanaged: ReadonlySet<string>,
): readonly string[] {
  const { state, links, scope } = facts;
  const managedMacs = new Set(state.files.map(({ path }) => macOfManagedPath(path)));
  const gone = (scope?.gone ?? []).filter((mac) => managedMacs.has(mac) && !unmanaged.has(mac));
  const isWholeMachine = (scope?.macs ?? null) === null && isListComplete(facts);
  const unlisted = isWholeMachine ? findRetiredMacs(state.files, listedMacs, links) : [];
  return [...new Set([...gone, ...unlisted])];
}

function absentReasons({ enis, incomplete, scope }: NetworkFacts): readonly string[] {
  const listed = [...enis, ...incomplete].map(({ mac }) => mac);
  const absent = listed.filter((mac) => scope?.gone.includes(mac));
  return absent.map(
    (mac) => `${mac}: IMDS lists it, but no device here can be this ENI: not configured`,
  );
}

function dhcpReasons(nic: NicConfig): readonly string[] {
  const [nicName, reason] = [
    nic.name ?? nic.mac,
    "DHCP gave an address that IMDS does not list yet",
  ];
  return unlistedLeaseFamilies(nic).map(
    (family) => `${nicName}: IPv${family}: ${reason}: DHCP stays on`,
  );
}

/** While IMDS still lists ENIs by and by, one that it does not list may be one that it will. */
function isListComplete({ enis, incomplete }: NetworkFacts): boolean {
  return incomplete.length === 0 && enis.some(({ isPrimary }) => isPrimary);
}
