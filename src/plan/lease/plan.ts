import type { BoundEvent, DhcpEvent } from "../../model/dhcp.ts";
import type { HostState, NicOutcome, NicResult, Step } from "../../model/plan.ts";
import { type KernelState, mainTable } from "../../model/kernel-state.ts";
import type { Link } from "../../model/link.ts";
import { unmanagedPath } from "../../model/managed-paths.ts";
import { judgeLease, type Judgement } from "./judge.ts";
import { nicsAmong } from "../config/match-nics.ts";
import { type OwnNic, ownNics } from "../files/managed-nics.ts";
import { dropProvisional } from "./provisional.ts";
import { type RoutedLease, routeLease } from "./route.ts";
import { parseUnmanaged } from "../config/select-nics.ts";
import { familyOf, networkOf, subnetRouter } from "../../model/ip.ts";

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
    const judged = judge(event, facts);
    const plan = planBound(event, judged, facts.kernel);
    return judged.judgement.kind === "routed" ? plan : joined(plan, planOvertaken(event, facts));
  }
  if (event.kind === "released") {
    const { nic, address, why } = event;
    const steps = dropProvisional({ nics: [nic], address, wanted: [] }, facts.kernel);
    const { link, own } = whoIs(nic, facts);
    const outcome = steps.length === 0 ? "unchanged" : "retired";
    const reason = `${why}: what our files say of it stays`;
    return told(steps, { nic, link, own, outcome, reason });
  }
  return { steps: sweep(facts.kernel), reasons: [`${event.why}: nothing to do`], nics: [] };
}

function sweep(kernel: KernelState): readonly Step[] {
  return dropProvisional({ nics: [], address: null, wanted: [] }, kernel);
}

function joined(first: FromDhcpPlan, second: FromDhcpPlan | null): FromDhcpPlan {
  if (second === null) return first;
  return {
    steps: [...first.steps, ...second.steps],
    reasons: [...first.reasons, ...second.reasons],
    nics: [...first.nics, ...second.nics],
  };
}

/** The first other NIC, unknown to our files, that now needs a table of its own. */
function planOvertaken(event: BoundEvent, facts: FromDhcpFacts): FromDhcpPlan | null {
  const plans = overtakenLeases(event, facts.kernel).flatMap((other) => {
    const judged = judge(other, facts);
    if (judged.own !== null) return [];
    const { steps } = routed(other, judged, facts.kernel);
    return [tellBound(steps, other, judged)];
  });
  return plans.find(({ steps }) => steps.length > 0) ?? null;
}

function planBound(event: BoundEvent, judged: Judged, kernel: KernelState): FromDhcpPlan {
  const { nic, lease } = event;
  if (judged.judgement.kind === "unknown") return tellBound(sweep(kernel), event, judged);
  const { steps, rules } = routed(event, judged, kernel);
  const dropped = dropProvisional({ nics: [nic], address: lease.address, wanted: rules }, kernel);
  return tellBound([...steps, ...dropped], event, judged);
}

function tellBound(
  steps: readonly Step[],
  { nic, why }: BoundEvent,
  { judgement, link, own }: Judged,
): FromDhcpPlan {
  const outcome = steps.length === 0 ? "unchanged" : "configured";
  const isLeft = judgement.kind === "unknown";
  const reason = `${why}: ${inWords(judgement)}`;
  return told(steps, { nic, link, own, outcome: isLeft ? "skipped" : outcome, reason });
}

interface ToldNic extends Pick<Judged, "link" | "own"> {
  readonly nic: string;
  readonly outcome: NicOutcome;
  readonly reason: string;
}

function told(steps: readonly Step[], { nic, link, own, outcome, reason }: ToldNic): FromDhcpPlan {
  const eni = own?.eniId ?? null;
  const result = { mac: link?.mac ?? "", name: nic, eni, outcome, reason };
  return { steps, reasons: [`${nic}: ${reason}`], nics: [result] };
}

/** Nothing where there are no numbers to route by. */
function routed({ lease }: BoundEvent, judged: Judged, kernel: KernelState): RoutedLease {
  const { judgement, link, own } = judged;
  if (judgement.kind !== "routed" || link === null) return { steps: [], rules: [] };
  const eniId = own?.eniId ?? "unknown";
  return routeLease(
    { link, lease, eniId, index: judgement.index, inside: judgement.inside },
    kernel,
  );
}

interface Judged {
  readonly judgement: Judgement;
  /** null: there is no such NIC. */
  readonly link: Link | null;
  readonly own: OwnNic | null;
}

/** The NIC of this name, and what a file of ours tells of it. */
function whoIs(nic: string, { links, state }: FromDhcpFacts): Pick<Judged, "link" | "own"> {
  const link = nicsAmong(links).find(({ name }) => name === nic) ?? null;
  const own = ownNics(state.files).find(({ mac }) => mac === link?.mac) ?? null;
  return { link, own };
}

function judge({ nic, lease }: BoundEvent, facts: FromDhcpFacts): Judged {
  const { links, state, kernel } = facts;
  const { link, own } = whoIs(nic, facts);
  const others = nicsAmong(links).filter(({ mac }) => mac !== link?.mac);
  const unknown = (reason: string): Judged => {
    return { judgement: { kind: "unknown", reason }, link, own };
  };
  if (link === null) return unknown("no NIC has this name");
  const { entries } = parseUnmanaged(state.unmanaged);
  const listed = [nic, link.mac, own?.eniId].find((word) => word && entries.has(word));
  if (listed !== undefined) return unknown(`${unmanagedPath} lists ${listed}`);
  const primary = ownNics(state.files).find(({ isPrimary }) => isPrimary)?.mac;
  const hasOtherPrimary = others.some(({ mac }) => mac === primary);
  const hasOthers = others.length > 0;
  const judgement = judgeLease({ link, lease, own, hasOtherPrimary, hasOthers, kernel });
  return { judgement, link, own };
}

function inWords(judgement: Judgement): string {
  if (judgement.kind === "routed") return `index ${judgement.index}`;
  return judgement.kind === "none"
    ? `no rules: ${judgement.reason}`
    : `left alone: ${judgement.reason}`;
}

/**
 * The leases of other NICs, as the kernel shows them: an address, and a default of main's through
 * its network's router. Such a NIC may have needed no table while its default was the best, and this
 * event has brought a better one; its own client has nothing to say until it renews.
 */
function overtakenLeases(event: BoundEvent, kernel: KernelState): readonly BoundEvent[] {
  const defaults = kernel.routes.filter(
    ({ table, destination, link }) =>
      table === mainTable && destination === "0.0.0.0/0" && link !== event.nic,
  );
  return defaults.flatMap(({ link, gateway }) => {
    const held = kernel.addresses.filter(
      (each) => each.link === link && familyOf(each.address) === 4,
    );
    const subnets = held
      .filter(({ prefixLength }) => prefixLength <= 30)
      .map((each) => ({ ...each, subnet: networkOf(each.address, each.prefixLength) }));
    const leased = subnets.find(({ subnet }) => subnetRouter(subnet) === gateway);
    if (leased === undefined || gateway === null) return [];
    const { address, subnet } = leased;
    const lease = { address, subnet, routers: [gateway], mtu: null, leaseSeconds: null };
    return [{ ...event, nic: leased.link, lease, why: `${event.why} on ${event.nic}` }];
  });
}
