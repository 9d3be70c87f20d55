import type { Eni, IncompleteEni } from "../../model/eni.ts";
import type { Backend, ConfigFile, HostState } from "../../model/plan.ts";
import type { Link } from "../../model/link.ts";
import type { NetworkConfig, NicConfig, RuleStyle } from "../../model/network-config.ts";
import { macOfManagedPath } from "../../model/managed-paths.ts";
import { configure, type DhcpAddresses } from "../config/configure.ts";
import { parsePolicy } from "../config/policy.ts";
import { matchNics } from "../config/match-nics.ts";
import { type FilePlan, planChanges } from "./plan-changes.ts";
import { findRetiredMacs } from "./managed-nics.ts";
import { parseUnmanaged, selectNics } from "../config/select-nics.ts";

/** What IMDS, the kernel and the disk say. */
export interface NetworkFacts {
  readonly enis: readonly Eni[];
  readonly incomplete: readonly IncompleteEni[];
  /** What in the metadata contradicts what, and what is not configured because of this. */
  readonly problems?: readonly string[];
  readonly links: readonly Link[];
  readonly state: HostState;
  /** MACs that IMDS still lists although another NIC has their slot. Nothing is done for them. */
  readonly detachedEnis?: readonly string[];
  /** MACs whose devices are on the bus but have no link. Their files are kept. */
  readonly onBus?: readonly string[];
  /** DHCP addresses of NICs whose ENIs are still watched; if left out, only IMDS counts. */
  readonly leases?: DhcpAddresses;
  /** The NICs to plan for; if left out, all NICs of the machine. */
  readonly scope?: Scope;
  /** Why the daemon in charge is told to leave NICs alone, by MAC; nothing is done for these NICs. */
  readonly leftAloneByDaemon?: Readonly<Record<string, string>>;
}

/** Limits a plan, because an event names a NIC or a device is no longer on the bus. */
export interface Scope {
  /** The NICs that are changed and reported; null means all NICs. */
  readonly macs: readonly string[] | null;
  /** NICs whose devices have left the machine, as the kernel says; IMDS may still list them. */
  readonly gone: readonly string[];
}

/** The backend for which to plan, and how its files are made. */
export interface PlanTarget {
  readonly backend: Backend;
  readonly render: (config: NetworkConfig) => readonly ConfigFile[];
  /** What the backend can express. */
  readonly ruleStyle: RuleStyle;
  /** Files that belong to no NIC. */
  readonly machineFiles: readonly ConfigFile[];
  /** How the backend and the machine files were chosen. */
  readonly trace: readonly string[];
}

export interface PlannedNetwork extends FilePlan {
  /** What the network should be, regardless of what it is now. */
  readonly config: NetworkConfig;
  /** Problems to show to the admin, regardless of the run's outcome. */
  readonly warnings: readonly string[];
}

/**
 * The files to write and to remove, as the facts require, with the reasons. Throws `CONFIG` if the
 * admin's policy has an unknown word.
 */
export function planNetwork(facts: NetworkFacts, target: PlanTarget): PlannedNetwork {
  const { links, state, scope } = facts;
  const isPresent = ({ mac }: { readonly mac: string }): boolean => !scope?.gone.includes(mac);
  const [enis, incomplete] = [facts.enis.filter(isPresent), facts.incomplete.filter(isPresent)];
  const scopedMacs = scope?.macs ?? null;
  const unmanaged = parseUnmanaged(state.unmanaged);
  const match = matchNics(enis, links);
  const { selected, leftAlone } = selectNics(match, incomplete, {
    ...unmanaged,
    byDaemon: facts.leftAloneByDaemon ?? {},
  });
  const config = configure(selected, {
    ruleStyle: target.ruleStyle,
    ...parsePolicy(state.policy ?? null),
    ...(facts.leases === undefined ? {} : { leases: facts.leases }),
  });
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
  const warnings = [...unmanaged.reasons, ...(facts.problems ?? [])];
  return { ...planChanges(wanted, state), config, warnings };
}

/** The MACs whose files are removed. A NIC that the admin lists is never among them. */
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
  const reason =
    "IMDS lists this MAC, but no device here can have it, so the ENI is not configured";
  return absent.map((mac) => `${mac}: ${reason}`);
}

function dhcpReasons(nic: NicConfig): readonly string[] {
  const name = nic.name ?? nic.mac;
  const reason = "DHCP gave an address that IMDS does not list yet, so DHCP stays on";
  return nic.unlistedFamilies.map((family) => `${name}: IPv${family}: ${reason}`);
}

/** Whether IMDS lists all ENIs. If it does not, a MAC that is missing may be listed later. */
function isListComplete({ enis, incomplete }: NetworkFacts): boolean {
  return incomplete.length === 0 && enis.some(({ isPrimary }) => isPrimary);
}
