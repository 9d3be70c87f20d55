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

/** What is known without asking anybody. */
export interface FromDhcpFacts {
  readonly links: readonly Link[];
  readonly state: HostState;
  readonly kernel: KernelState;
}

export interface FromDhcpPlan {
  /** In the order in which they can work; none where everything is as it should be. */
  readonly steps: readonly Step[];
  /** What was decided, and why. */
  readonly reasons: readonly string[];
  /** The NICs that it is about, with what comes of them. */
  readonly nics: readonly NicResult[];
}

/**
 * What a lease means for the NIC's own table and rules, IPv4 alone, without IMDS: the addresses that
 * only IMDS knows are left to the run that asks it. Whatever has happened, provisional rules that
 * lead nowhere any more are taken away. One call makes room for one new number: a second event that
 * comes at the same time has to see what this one has done.
 */
export function planFromDhcp(event: DhcpEvent, facts: FromDhcpFacts): FromDhcpPlan {
  if (event.kind === "bound") {
    const classified = classifyEvent(event, facts);
    const plan = planBound(event, classified, facts.kernel);
    return classified.routing.kind === "routed"
      ? plan
      : mergeLeasePlans(plan, planSuperseded(event, facts));
  }
  if (event.kind === "released") {
    const { nic, address, summary } = event;
    const steps = dropProvisional({ nics: [nic], address, wanted: [] }, facts.kernel);
    const { link, managedNic } = findNic(nic, facts);
    const outcome = steps.length === 0 ? "unchanged" : "retired";
    const reason = `${summary}: what our files say of it stays`;
    return planForNic(steps, { nic, link, managedNic, outcome, reason });
  }
  return {
    steps: dropUnusedSteps(facts.kernel),
    reasons: [`${event.summary}: nothing to do`],
    nics: [],
  };
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

/** The first other NIC, unknown to our files, that now needs a table of its own. */
function planSuperseded(event: BoundEvent, facts: FromDhcpFacts): FromDhcpPlan | null {
  const plans = supersededLeases(event, facts.kernel).flatMap((other) => {
    const classified = classifyEvent(other, facts);
    if (classified.managedNic !== null) return [];
    const { steps } = routeSteps(other, classified, facts.kernel);
    return [planForBound(steps, other, classified)];
  });
  return plans.find(({ steps }) => steps.length > 0) ?? null;
}

function planBound(
  event: BoundEvent,
  classified: ClassifiedLease,
  kernel: KernelState,
): FromDhcpPlan {
  const { nic, lease } = event;
  if (classified.routing.kind === "unknown")
    return planForBound(dropUnusedSteps(kernel), event, classified);
  const { steps, rules } = routeSteps(event, classified, kernel);
  const dropped = dropProvisional({ nics: [nic], address: lease.address, wanted: rules }, kernel);
  return planForBound([...steps, ...dropped], event, classified);
}

function planForBound(
  steps: readonly Step[],
  { nic, summary }: BoundEvent,
  { routing, link, managedNic }: ClassifiedLease,
): FromDhcpPlan {
  const outcome = steps.length === 0 ? "unchanged" : "configured";
  const isLeftAlone = routing.kind === "unknown";
  const reason = `${summary}: ${describeRouting(routing)}`;
  return planForNic(steps, {
    nic,
    link,
    managedNic,
    outcome: isLeftAlone ? "skipped" : outcome,
    reason,
  });
}

interface NicDecision extends Pick<ClassifiedLease, "link" | "managedNic"> {
  readonly nic: string;
  readonly outcome: NicOutcome;
  readonly reason: string;
}

function planForNic(
  steps: readonly Step[],
  { nic, link, managedNic, outcome, reason }: NicDecision,
): FromDhcpPlan {
  const eni = managedNic?.eniId ?? null;
  const result = { mac: link?.mac ?? "", name: nic, eni, outcome, reason };
  return { steps, reasons: [`${nic}: ${reason}`], nics: [result] };
}

/** Nothing where there are no numbers to route by. */
function routeSteps(
  { lease }: BoundEvent,
  classified: ClassifiedLease,
  kernel: KernelState,
): RoutedLease {
  const { routing, link, managedNic } = classified;
  if (routing.kind !== "routed" || link === null) return { steps: [], rules: [] };
  const eniId = managedNic?.eniId ?? "unknown";
  return routeLease(
    { link, lease, eniId, index: routing.index, vpcNetworks: routing.vpcNetworks },
    kernel,
  );
}

interface ClassifiedLease {
  readonly routing: LeaseRouting;
  /** null: there is no such NIC. */
  readonly link: Link | null;
  readonly managedNic: ManagedNic | null;
}

/** The NIC of this name, and what a file of ours tells of it. */
function findNic(
  nic: string,
  { links, state }: FromDhcpFacts,
): Pick<ClassifiedLease, "link" | "managedNic"> {
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
 * The leases of other NICs, as the kernel shows them: an address, and a default of main's through
 * its network's router. Such a NIC may have needed no table while its default was the best, and this
 * event has brought a better one; its own client has nothing to say until it renews.
 */
function supersededLeases(event: BoundEvent, kernel: KernelState): readonly BoundEvent[] {
  const defaults = mainDefaultRoutes(kernel, 4).filter(({ link }) => link !== event.nic);
  return defaults.flatMap(({ link, gateway }) => {
    const linkAddresses = kernel.addresses.filter(
      (each) => each.link === link && familyOf(each.address) === 4,
    );
    const subnets = linkAddresses
      .filter(({ prefixLength }) => prefixLength <= 30)
      .map((each) => ({ ...each, subnet: networkCidr(each.address, each.prefixLength) }));
    const leased = subnets.find(({ subnet }) => subnetRouter(subnet) === gateway);
    if (leased === undefined || gateway === null) return [];
    const { address, subnet } = leased;
    const lease = { address, subnet, routers: [gateway], mtu: null, leaseSeconds: null };
    return [{ ...event, nic: leased.link, lease, why: `${event.summary} on ${event.nic}` }];
  });
}
