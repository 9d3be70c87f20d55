import type { BoundEvent, DhcpEvent } from "../net/dhcp-event.ts";
import type { Difference } from "../net/difference.ts";
import type { Eni } from "../net/eni.ts";
import type { HostState } from "../net/host-state.ts";
import type { KernelState } from "../net/kernel-state.ts";
import type { Link } from "../net/link.ts";
import type { RoutingPolicyRule } from "../net/network-config.ts";
import type { Step } from "../net/network-plan.ts";
import { unmanagedPath } from "../net/own-files.ts";
import { checkKernel } from "./check-kernel.ts";
import { configure } from "./configure.ts";
import { expectedKernel } from "./expected-kernel.ts";
import { type Judgement, judgeLease } from "./judge-lease.ts";
import { matchNics } from "./match-nics.ts";
import { type OwnNic, ownNics } from "./own-nics.ts";
import { dropProvisional } from "./drop-provisional.ts";
import { repairSteps } from "./repair-steps.ts";
import { parseUnmanaged } from "./unmanaged.ts";

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
}

/**
 * What a lease means for the NIC's own table and rules, IPv4 alone, without IMDS: the addresses that
 * only IMDS knows are left to the run that asks it. Whatever has happened, provisional rules that
 * lead nowhere any more are taken away.
 */
export function planFromDhcp(event: DhcpEvent, facts: FromDhcpFacts): FromDhcpPlan {
  const { kernel } = facts;
  if (event.kind === "irrelevant") {
    const reasons = [`${event.why}: nothing to do`];
    return { steps: dropProvisional({ nic: null, address: null, wanted: [] }, kernel), reasons };
  }
  const { nic, why } = event;
  if (event.kind === "released") {
    const reasons = [`${nic}: ${why}: what our files say of it stays`];
    return { steps: dropProvisional({ nic, address: event.address, wanted: [] }, kernel), reasons };
  }
  const { judgement, link, own } = judge(event, facts);
  const reasons = [`${nic}: ${why}: ${inWords(judgement)}`];
  if (judgement.kind === "unknown" || link === null) {
    return { steps: dropProvisional({ nic: null, address: null, wanted: [] }, kernel), reasons };
  }
  const address = event.lease.address;
  if (judgement.kind === "none") {
    return { steps: dropProvisional({ nic, address, wanted: [] }, kernel), reasons };
  }
  const { steps, rules } = routed(eniOf(event, own, judgement), link, kernel);
  const dropped = dropProvisional({ nic, address, wanted: rules }, kernel);
  return { steps: [...steps, ...dropped], reasons };
}

interface Judged {
  readonly judgement: Judgement;
  /** null: there is no such NIC. */
  readonly link: Link | null;
  readonly own: OwnNic | null;
}

function judge({ nic, lease }: BoundEvent, { links, state, kernel }: FromDhcpFacts): Judged {
  const { strangers } = matchNics([], links);
  const link = strangers.find(({ name }) => name === nic) ?? null;
  const others = strangers.filter(({ mac }) => mac !== link?.mac);
  const known = ownNics(state.files);
  const own = known.find(({ mac }) => mac === link?.mac) ?? null;
  const unknown = (reason: string): Judged => {
    return { judgement: { kind: "unknown", reason }, link, own };
  };
  if (link === null) return unknown("no NIC has this name");
  const { entries } = parseUnmanaged(state.unmanaged);
  const listed = [nic, link.mac, own?.eniId].find((word) => word && entries.has(word));
  if (listed !== undefined) return unknown(`${unmanagedPath} lists ${listed}`);
  const primary = known.find(({ isPrimary }) => isPrimary)?.mac;
  const hasOtherPrimary = others.some(({ mac }) => mac === primary);
  const facts = { link, lease, own, hasOtherPrimary, hasOthers: others.length > 0, kernel };
  return { judgement: judgeLease(facts), link, own };
}

function inWords(judgement: Judgement): string {
  if (judgement.kind === "routed") return `index ${judgement.index}`;
  return judgement.kind === "none"
    ? `no rules: ${judgement.reason}`
    : `left alone: ${judgement.reason}`;
}

/** As much of an ENI as a lease tells. */
function eniOf(
  { lease }: BoundEvent,
  own: OwnNic | null,
  { index, inside }: Extract<Judgement, { readonly kind: "routed" }>,
): Omit<Eni, "mac"> {
  const none = { addresses: [], subnets: [], vpcCidrs: [], prefixes: [] };
  return {
    id: own?.eniId ?? "",
    isPrimary: false,
    networkCard: Math.floor(index / 100),
    deviceNumber: index % 100,
    ipv4: { ...none, addresses: [lease.address], subnets: [lease.subnet], vpcCidrs: inside },
    ipv6: none,
  };
}

/**
 * The steps that `activate`'s own code finds for such an ENI, routes and rules alone: rules of other
 * addresses with this index are not judged, since the lease does not tell them.
 */
function routed(
  partial: Omit<Eni, "mac">,
  link: Link,
  kernel: KernelState,
): { readonly steps: readonly Step[]; readonly rules: readonly RoutingPolicyRule[] } {
  const eni = { ...partial, mac: link.mac ?? "" };
  const config = configure([{ eni, link }], false);
  const expected = expectedKernel(config, { enis: [eni], incomplete: [] });
  const unjudged = { ...expected, claims: [], isWhole: false };
  const differences = checkKernel(unjudged, kernel).filter(isRouting);
  const nobody = { backend: "networkd", renderer: null, isRunning: false } as const;
  return {
    steps: repairSteps(differences, expected, nobody).steps,
    rules: config.nics.flatMap(({ rules }) => rules),
  };
}

function isRouting({ kind }: Difference): boolean {
  return kind === "route" || kind === "rule";
}
