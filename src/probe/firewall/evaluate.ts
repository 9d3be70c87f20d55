import { contains, type Family, hostCidr, parseCidr, parseIpv4 } from "../../model/ip.ts";
import type {
  FirewallAction,
  FirewallChain,
  FirewallCondition,
  FirewallField,
  FirewallPacket,
  FirewallRule,
} from "../../model/firewall.ts";

/** What stops a packet. */
export interface Culprit {
  /** false: something about the rules could not be judged from here. */
  readonly isSure: boolean;
  /** The chain's name. */
  readonly chain: string;
  /** `drop`, `reject`, or the chain's policy. */
  readonly how: "drops" | "rejects" | "drops, by its policy,";
  readonly mend: string;
}

type Fate =
  | { readonly kind: "accept" | "end" | "return" }
  | { readonly kind: "stopped"; readonly by: FirewallRule; readonly chain: FirewallChain };

interface Walk {
  readonly chains: readonly FirewallChain[];
  readonly packet: FirewallPacket;
  /** What might stop it, if a condition that cannot be judged holds. */
  readonly doubts: { readonly rule: FirewallRule; readonly chain: FirewallChain }[];
}

const hooks = { out: ["output", "postrouting"], in: ["prerouting", "input"] } as const;

/** Who stops the packet, for certain or perhaps; null: nobody that is seen here. */
export function judgeFirewall(
  chains: readonly FirewallChain[],
  packet: FirewallPacket,
): Culprit | null {
  const own = chains.filter((each) => each.families.some((name) => name === packet.values.family));
  const bases = own.filter(({ hook }) => hooks[packet.direction].some((name) => name === hook));
  const found = bases.flatMap((base) => judgeBase(base, own, packet) ?? []);
  return found.find(({ isSure }) => isSure) ?? found[0] ?? null;
}

function judgeBase(
  base: FirewallChain,
  chains: readonly FirewallChain[],
  packet: FirewallPacket,
): Culprit | null {
  const walk: Walk = { chains, packet, doubts: [] };
  const fate = walkChain(base, walk, 0);
  // a rule that cannot be judged may have let it pass before
  const isSure = walk.doubts.every(({ rule }) => stops(rule.action));
  if (fate.kind === "stopped") return culpritOf(fate.by, { base, ...fate, packet, isSure });
  if (fate.kind !== "accept" && base.policy === "drop") {
    const mend = base.accept(packet);
    return { isSure, chain: base.name, how: "drops, by its policy,", mend };
  }
  const doubt = walk.doubts.find(({ rule }) => stops(rule.action));
  if (doubt === undefined) return null;
  return culpritOf(doubt.rule, { base, chain: doubt.chain, packet, isSure: false });
}

/** A rule for this very address is taken away; one that means more is left, and passed by. */
function culpritOf(
  rule: FirewallRule,
  at: { base: FirewallChain; chain: FirewallChain; packet: FirewallPacket; isSure: boolean },
): Culprit {
  const { base, chain, packet, isSure } = at;
  const own = [packet.values.daddr, packet.values.saddr].flatMap((each) => [each, hostCidr(each)]);
  const namesIt = rule.conditions.some(
    ({ field, values, isNegated }) =>
      (field === "daddr" || field === "saddr") &&
      !isNegated &&
      values?.length === 1 &&
      values.every((value) => own.includes(value)),
  );
  const how = rule.action.kind === "reject" ? "rejects" : "drops";
  return { isSure, chain: chain.name, how, mend: namesIt ? rule.remove : base.accept(packet) };
}

function stops({ kind }: FirewallAction): boolean {
  return kind === "drop" || kind === "reject";
}

/** Deeper than the kernel lets chains be nested. */
const deepest = 16;

function walkChain(chain: FirewallChain, walk: Walk, depth: number): Fate {
  for (const rule of chain.rules) {
    const fits = fitsAll(rule.conditions, walk.packet);
    if (fits === "no") continue;
    const { action } = rule;
    const target = walk.chains.find(({ id }) => id === targetOf(action));
    // LOG, MARK and the like are no chains: to jump there is to go on
    if (target === undefined && targetOf(action) !== null) continue;
    if (fits === "unknown") {
      walk.doubts.push({ rule, chain });
      continue;
    }
    if (action.kind === "drop" || action.kind === "reject") {
      return { kind: "stopped", by: rule, chain };
    }
    if (action.kind === "accept" || action.kind === "return") return { kind: action.kind };
    if (target === undefined || depth === deepest) continue;
    const fate = walkChain(target, walk, depth + 1);
    if (fate.kind === "accept" || fate.kind === "stopped") return fate;
    if (action.kind === "goto") return { kind: "end" };
  }
  return { kind: "end" };
}

function targetOf(action: FirewallAction): string | null {
  return "target" in action ? action.target : null;
}

type Fits = "yes" | "no" | "unknown";

function fitsAll(conditions: readonly FirewallCondition[], packet: FirewallPacket): Fits {
  const each = conditions.map((condition) => fitsOne(condition, packet));
  if (each.includes("no")) return "no";
  return each.includes("unknown") ? "unknown" : "yes";
}

function fitsOne({ field, isNegated, values }: FirewallCondition, packet: FirewallPacket): Fits {
  if (field === "other" || values === null || values.some(isIpv6Range)) return "unknown";
  const own = packet.values[field];
  if (own === "") return "unknown";
  return values.some((value) => isIn(field, own, value)) !== isNegated ? "yes" : "no";
}

/** Too rare to be worth its arithmetic. */
function isIpv6Range(value: string): boolean {
  return value.includes(":") && value.includes("-");
}

function isIn(field: FirewallField, own: string, value: string): boolean {
  if (field === "daddr" || field === "saddr") return isAddressIn(own, value);
  const [, low, high] = /^(\d+)-(\d+)$/.exec(value) ?? [];
  if (low !== undefined && high !== undefined) {
    return Number(own) >= Number(low) && Number(own) <= Number(high);
  }
  // `ens+` is how iptables, `ens*` how nft writes all names that begin so
  if (field === "oif" || field === "iif") return matchesName(own, value);
  return own === value || (field === "protocol" && value === "6" && own === "tcp");
}

function matchesName(own: string, pattern: string): boolean {
  return /[+*]$/.test(pattern) ? own.startsWith(pattern.slice(0, -1)) : own === pattern;
}

function isAddressIn(own: string, value: string): boolean {
  const family: Family = own.includes(":") ? 6 : 4;
  const [from, to] = value.split("-");
  if (from !== undefined && to !== undefined) return between(own, from, to);
  const cidr = parseCidr(value, family);
  return cidr === null ? own === value : contains(cidr, own);
}

function between(own: string, from: string, to: string): boolean {
  const [low, at, high] = [from, own, to].map((each) =>
    (parseIpv4(each) ?? "")
      .split(".")
      .map((octet) => octet.padStart(3, "0"))
      .join("."),
  );
  return low !== undefined && at !== undefined && high !== undefined && low <= at && at <= high;
}
