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
  /** The rule that the fix removes; null if the fix adds a rule. */
  readonly removed: FirewallRule | null;
  /** The command that lists the rules of the chain. */
  readonly list: string;
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

/**
 * The rules and policies that block a packet, certain blocks first. The fixes of all certain blocks
 * are necessary to let the packet through.
 */
export function evaluateFirewall(
  chains: readonly FirewallChain[],
  packet: FirewallPacket,
): readonly FirewallBlock[] {
  const own = chains.filter((each) => each.families.some((name) => name === packet.values.family));
  const bases = own.filter(({ hook }) => hooks[packet.direction].some((name) => name === hook));
  return bases
    .flatMap(({ id }) => findBlocks(id, own, packet))
    .toSorted((left, right) => Number(right.isCertain) - Number(left.isCertain));
}

/** The blocks of a base chain: after the removal of a rule, another one can block. */
function findBlocks(
  id: string,
  chains: readonly FirewallChain[],
  packet: FirewallPacket,
): readonly FirewallBlock[] {
  const base = chains.find((each) => each.id === id);
  const block = base === undefined ? null : evaluateBaseChain(base, chains, packet);
  if (block === null) return [];
  const { removed } = block;
  if (removed === null || !block.isCertain) return [block];
  const remaining = chains.map((chain) => {
    return { ...chain, rules: chain.rules.filter((rule) => rule !== removed) };
  });
  return [block, ...findBlocks(id, remaining, packet)];
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
  const undecided = traversal.undecided.find(({ rule }) => isBlocking(rule.action)) ?? null;
  // a new rule at the top of the base chain comes before every rule that perhaps matches
  const accept = { fix: base.accept(packet), removed: null };
  if (outcome.kind === "blocked") {
    const block = { isCertain, ...describeBlock(outcome, base, packet) };
    return undecided === null ? block : { ...block, ...accept };
  }
  if (outcome.kind !== "accept" && base.policy === "drop") {
    const { name: chain, list } = base;
    return { isCertain, chain, how: "drops, by its policy,", list, ...accept };
  }
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
  const fix = namesAddress ? rule.remove : base.accept(packet);
  return { chain: chain.name, how, fix, list: chain.list, removed: namesAddress ? rule : null };
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
