import { cidrContains, type Family, hostCidr, parseCidr, parseIpv4 } from "../../model/ip.ts";
import type {
  FirewallAction,
  FirewallChain,
  FirewallCondition,
  FirewallField,
  FirewallPacket,
  FirewallRule,
} from "../../model/firewall.ts";

/** A rule or a policy that blocks a packet. */
export interface FirewallBlock {
  /** false if a condition could not be evaluated; then the packet perhaps passes. */
  readonly isCertain: boolean;
  /** The name of the chain. */
  readonly chain: string;
  readonly how: "drops" | "rejects" | "drops, by its policy,";
  /** The command that lets the packet through. */
  readonly fix: string;
}

interface RuleInChain {
  readonly rule: FirewallRule;
  readonly chain: FirewallChain;
}

type ChainOutcome =
  { readonly kind: "accept" | "end" | "return" } | ({ readonly kind: "blocked" } & RuleInChain);

interface Traversal {
  readonly chains: readonly FirewallChain[];
  readonly packet: FirewallPacket;
  /** Rules that perhaps match, because one of their conditions cannot be evaluated. */
  readonly undecided: RuleInChain[];
}

const hooks = { out: ["output", "postrouting"], in: ["prerouting", "input"] } as const;

/** The rule or policy that blocks a packet, a certain block first; null if nothing blocks it. */
export function evaluateFirewall(
  chains: readonly FirewallChain[],
  packet: FirewallPacket,
): FirewallBlock | null {
  const own = chains.filter((each) => each.families.some((name) => name === packet.values.family));
  const bases = own.filter(({ hook }) => hooks[packet.direction].some((name) => name === hook));
  const found = bases.flatMap((base) => evaluateBaseChain(base, own, packet) ?? []);
  return found.find(({ isCertain }) => isCertain) ?? found[0] ?? null;
}

function evaluateBaseChain(
  base: FirewallChain,
  chains: readonly FirewallChain[],
  packet: FirewallPacket,
): FirewallBlock | null {
  const traversal: Traversal = { chains, packet, undecided: [] };
  const outcome = evaluateChain(base, traversal, 0);
  // perhaps an undecided rule that comes first has accepted the packet
  const isCertain = traversal.undecided.every(({ rule }) => isBlocking(rule.action));
  if (outcome.kind === "blocked") return { isCertain, ...describeBlock(outcome, base, packet) };
  if (outcome.kind !== "accept" && base.policy === "drop") {
    const fix = base.accept(packet);
    return { isCertain, chain: base.name, how: "drops, by its policy,", fix };
  }
  const undecided = traversal.undecided.find(({ rule }) => isBlocking(rule.action)) ?? null;
  return undecided && { isCertain: false, ...describeBlock(undecided, base, packet) };
}

/** The fix removes a rule that names only this address. Against a wider rule, it adds a rule. */
function describeBlock(
  { rule, chain }: RuleInChain,
  base: FirewallChain,
  packet: FirewallPacket,
): Omit<FirewallBlock, "isCertain"> {
  const own = [packet.values.daddr, packet.values.saddr].flatMap((each) => [each, hostCidr(each)]);
  const namesAddress = rule.conditions.some(
    ({ field, values, isNegated }) =>
      (field === "daddr" || field === "saddr") &&
      !isNegated &&
      values?.length === 1 &&
      values.every((value) => own.includes(value)),
  );
  const how = rule.action.kind === "reject" ? "rejects" : "drops";
  return { chain: chain.name, how, fix: namesAddress ? rule.remove : base.accept(packet) };
}

function isBlocking({ kind }: FirewallAction): boolean {
  return kind === "drop" || kind === "reject";
}

/** The deepest nesting of chains that the kernel allows (NFT_JUMP_STACK_SIZE). */
const maxDepth = 16;

function evaluateChain(chain: FirewallChain, traversal: Traversal, depth: number): ChainOutcome {
  for (const rule of chain.rules) {
    const match = matchRule(rule, traversal.packet);
    if (match === "no") continue;
    const { action } = rule;
    const target = traversal.chains.find(({ id }) => id === jumpTarget(action));
    // a target that is not a chain, such as LOG or MARK, does not end the evaluation
    if (target === undefined && jumpTarget(action) !== null) continue;
    if (match === "unknown") {
      traversal.undecided.push({ rule, chain });
      continue;
    }
    if (isBlocking(action)) return { kind: "blocked", rule, chain };
    if (action.kind === "accept" || action.kind === "return") return { kind: action.kind };
    if (target === undefined || depth === maxDepth) continue;
    const outcome = evaluateChain(target, traversal, depth + 1);
    if (outcome.kind === "accept" || outcome.kind === "blocked") return outcome;
    if (action.kind === "goto") return { kind: "end" };
  }
  return { kind: "end" };
}

function jumpTarget(action: FirewallAction): string | null {
  return "target" in action ? action.target : null;
}

type TriState = "yes" | "no" | "unknown";

function matchRule({ conditions }: FirewallRule, packet: FirewallPacket): TriState {
  const each = conditions.map((condition) => matchCondition(condition, packet));
  if (each.includes("no")) return "no";
  return each.includes("unknown") ? "unknown" : "yes";
}

function matchCondition(condition: FirewallCondition, packet: FirewallPacket): TriState {
  const { field, isNegated, values } = condition;
  // ranges of IPv6 addresses are rare, so they are not evaluated
  const hasIpv6Range = values?.some((value) => value.includes(":") && value.includes("-")) ?? false;
  if (field === "other" || values === null || hasIpv6Range) return "unknown";
  const own = packet.values[field];
  if (own === "") return "unknown";
  return values.some((value) => matchesValue(field, own, value)) !== isNegated ? "yes" : "no";
}

function matchesValue(field: FirewallField, own: string, value: string): boolean {
  if (field === "daddr" || field === "saddr") return isAddressIn(own, value);
  const [, low, high] = /^(\d+)-(\d+)$/.exec(value) ?? [];
  if (low !== undefined && high !== undefined) {
    return Number(own) >= Number(low) && Number(own) <= Number(high);
  }
  // `ens+` (iptables) and `ens*` (nft) mean every name with this prefix
  const isPattern = (field === "oif" || field === "iif") && /[+*]$/.test(value);
  if (isPattern) return own.startsWith(value.slice(0, -1));
  return own === value || (field === "protocol" && value === "6" && own === "tcp");
}

function isAddressIn(own: string, value: string): boolean {
  const family: Family = own.includes(":") ? 6 : 4;
  const [from, to] = value.split("-");
  if (from !== undefined && to !== undefined) return isInRange(own, from, to);
  const cidr = parseCidr(value, family);
  return cidr === null ? own === value : cidrContains(cidr, own);
}

function isInRange(own: string, from: string, to: string): boolean {
  const toSortable = (address: string) =>
    (parseIpv4(address) ?? "").replaceAll(/\d+/g, (octet) => octet.padStart(3, "0"));
  return toSortable(from) <= toSortable(own) && toSortable(own) <= toSortable(to);
}
