import type { BoundEvent, DhcpEvent } from "../../model/dhcp.ts";
import type { HostState, NicOutcome, NicResult, Step } from "../../model/plan.ts";
import { type KernelState, mainDefaultRoutes } from "../../model/kernel-state.ts";
import type { Link } from "../../model/link.ts";
import { unmanagedPath } from "../../model/managed-paths.ts";
import { classifyLease, type LeaseRouting } from "./classify.ts";
import { filterNicLinks } from "../config/match-nics.ts";
import { type ManagedNic, parseManagedNics } from "../files/managed-nics.ts";
import { dropProvisional } from "./provisional.ts";
import { type RoutedLease, routeLease } from "./route.ts";
import { findUnmanagedEntry, parseUnmanaged } from "../config/select-nics.ts";
import { familyOf, networkCidr, subnetRouter } from "../../model/ip.ts";

/** The facts that need no request to IMDS. */
export interface FromDhcpFacts {
  readonly links: readonly Link[];
  readonly state: HostState;
  readonly kernel: KernelState;
}

export interface FromDhcpPlan {
  /** In the order in which they must run; empty if nothing differs. */
  readonly steps: readonly Step[];
  /** The decisions, with their reasons. */
  readonly reasons: readonly string[];
  /** The affected NICs, with their outcomes. */
  readonly nics: readonly NicResult[];
}

/**
 * Plans a NIC's own table and rules from its lease, for IPv4 and without IMDS. A run that asks IMDS
 * configures the other addresses, which only IMDS knows. Every event also removes provisional rules
 * that are not needed any more. One call assigns at most one new index, so a second event at the
 * same time must read the kernel after this plan was applied.
 */
export function planFromDhcp(event: DhcpEvent, facts: FromDhcpFacts): FromDhcpPlan {
  if (event.kind === "bound") {
    const classified = classifyEvent(event, facts);
    const plan = planBound(event, classified, facts);
    if (classified.routing.kind === "routed") return plan;
    return mergeLeasePlans(plan, planSuperseded(event, facts));
  }
  if (event.kind === "released") {
    const { nic, address, summary } = event;
    const steps = dropProvisional({ nics: [nic], address, wanted: [] }, facts.kernel);
    const { link, managedNic } = findNic(nic, facts);
    const outcome = steps.length === 0 ? "unchanged" : "retired";
    const reason = `${summary}: its files are not changed`;
    return planForNic(steps, { nic, link, managedNic, outcome, reason });
  }
  const reasons = [`${event.summary}: nothing to do`];
  return { steps: dropUnusedSteps(facts.kernel), reasons, nics: [] };
}

function dropUnusedSteps(kernel: KernelState): readonly Step[] {
  return dropProvisional({ nics: [], address: null, wanted: [] }, kernel);
}

function mergeLeasePlans(first: FromDhcpPlan, second: FromDhcpPlan | null): FromDhcpPlan {
  if (second === null) return first;
  return {
    steps: [...first.steps, ...second.steps],
    reasons: [...first.reasons, ...second.reasons],
    nics: [...first.nics, ...second.nics],
  };
}

/** The plan of the first other NIC without a file of ours that now needs its own table. */
function planSuperseded(event: BoundEvent, facts: FromDhcpFacts): FromDhcpPlan | null {
  const plans = supersededLeases(event, facts.kernel).flatMap((other) => {
    const classified = classifyEvent(other, facts);
    if (classified.managedNic !== null) return [];
    const { steps } = routeSteps(other, classified, facts);
    return [planForBound(steps, other, classified)];
  });
  return plans.find(({ steps }) => steps.length > 0) ?? null;
}

function planBound(
  event: BoundEvent,
  classified: ClassifiedLease,
  facts: FromDhcpFacts,
): FromDhcpPlan {
  const { nic, lease } = event;
  const { kernel } = facts;
  if (classified.routing.kind === "unknown")
    return planForBound(dropUnusedSteps(kernel), event, classified);
  const { steps, rules } = routeSteps(event, classified, facts);
  const dropped = dropProvisional({ nics: [nic], address: lease.address, wanted: rules }, kernel);
  return planForBound([...steps, ...dropped], event, classified);
}

function planForBound(
  steps: readonly Step[],
  { nic, summary }: BoundEvent,
  { routing, link, managedNic }: ClassifiedLease,
): FromDhcpPlan {
  const unlessSkipped = steps.length === 0 ? "unchanged" : "configured";
  const outcome = routing.kind === "unknown" ? "skipped" : unlessSkipped;
  const reason = `${summary}: ${describeRouting(routing)}`;
  return planForNic(steps, { nic, link, managedNic, outcome, reason });
}

interface NicDecision extends FoundNic {
  readonly nic: string;
  readonly outcome: NicOutcome;
  readonly reason: string;
}

function planForNic(steps: readonly Step[], decision: NicDecision): FromDhcpPlan {
  const { nic, link, managedNic, outcome, reason } = decision;
  const eni = managedNic?.eniId ?? null;
  const result = { mac: link?.mac ?? "", name: nic, eni, outcome, reason };
  return { steps, reasons: [`${nic}: ${reason}`], nics: [result] };
}

/** The routes and rules for the lease; none if the lease has no index. */
function routeSteps(
  { lease }: BoundEvent,
  classified: ClassifiedLease,
  { kernel, links }: FromDhcpFacts,
): RoutedLease {
  const { routing, link, managedNic } = classified;
  if (routing.kind !== "routed" || link === null) return { steps: [], rules: [] };
  const eniId = managedNic?.eniId ?? "unknown";
  const { index, vpcNetworks } = routing;
  // Without a file, no program puts the NICs into a link group.
  const ruleStyle = managedNic?.ruleStyle ?? "prefix";
  return routeLease({ link, lease, eniId, index, vpcNetworks, ruleStyle, links }, kernel);
}

interface FoundNic {
  /** null if no NIC has this name. */
  readonly link: Link | null;
  readonly managedNic: ManagedNic | null;
}

interface ClassifiedLease extends FoundNic {
  readonly routing: LeaseRouting;
}

/** The NIC with this name, and what our file says about it. */
function findNic(nic: string, { links, state }: FromDhcpFacts): FoundNic {
  const link = filterNicLinks(links).find(({ name }) => name === nic) ?? null;
  const managedNic = parseManagedNics(state.files).find(({ mac }) => mac === link?.mac) ?? null;
  return { link, managedNic };
}

function classifyEvent({ nic, lease }: BoundEvent, facts: FromDhcpFacts): ClassifiedLease {
  const { links, state, kernel } = facts;
  const { link, managedNic } = findNic(nic, facts);
  const others = filterNicLinks(links).filter(({ mac }) => mac !== link?.mac);
  const unknownLease = (reason: string): ClassifiedLease => {
    return { routing: { kind: "unknown", reason }, link, managedNic };
  };
  if (link === null) return unknownLease("no NIC has this name");
  const { entries } = parseUnmanaged(state.unmanaged);
  const listed = findUnmanagedEntry(entries, [nic, link.mac, managedNic?.eniId]);
  if (listed !== null) return unknownLease(`${unmanagedPath} lists ${listed}`);
  const primary = parseManagedNics(state.files).find(({ isPrimary }) => isPrimary)?.mac;
  const hasOtherPrimary = others.some(({ mac }) => mac === primary);
  const hasOtherNics = others.length > 0;
  const routing = classifyLease({ link, lease, managedNic, hasOtherPrimary, hasOtherNics, kernel });
  return { routing, link, managedNic };
}

function describeRouting(routing: LeaseRouting): string {
  if (routing.kind === "routed") return `index ${routing.index}`;
  return routing.kind === "none" ? `no rules: ${routing.reason}` : `left alone: ${routing.reason}`;
}

/**
 * The leases of other NICs, derived from the kernel: such a NIC has an address, and a default route
 * in table main via its subnet's router. It needed no table while that route was best. The event
 * may have added a better route, and the NIC's client reports nothing until it renews the lease.
 */
function supersededLeases(event: BoundEvent, kernel: KernelState): readonly BoundEvent[] {
  const defaults = mainDefaultRoutes(kernel, 4).filter(({ link }) => link !== event.nic);
  const ipv4 = kernel.addresses.filter(({ address }) => familyOf(address) === 4);
  return defaults.flatMap(({ link, gateway }) => {
    const subnets = ipv4
      .filter((each) => each.link === link && each.prefixLength <= 30)
      .map((each) => ({ ...each, subnet: networkCidr(each.address, each.prefixLength) }));
    const leased = subnets.find(({ subnet }) => subnetRouter(subnet) === gateway);
    if (leased === undefined || gateway === null) return [];
    const { address, subnet } = leased;
    const lease = { address, subnet, routers: [gateway], mtu: null, leaseSeconds: null };
    return [{ ...event, nic: leased.link, lease, summary: `${event.summary} on ${event.nic}` }];
  });
}
