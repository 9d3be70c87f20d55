import { hostCidr } from "../../model/ip.ts";
import type { Difference, Step } from "../../model/plan.ts";
import { type KernelState, mainDefaultRoutes } from "../../model/kernel-state.ts";
import type { NicConfig, RoutingPolicyRule } from "../../model/network-config.ts";
import { prioritiesOf, tableOf } from "../config/table-numbers.ts";
import { isSameRule, shortenCidr, findStaleRules } from "../drift/rules.ts";

/**
 * Indexes for NICs whose own is not known, since only IMDS tells it: those of network card 39, the
 * last that has numbers (`numbers.ts`; no instance type has more than 32 cards). They make tables
 * 13900 to 13999, which no ENI has, and rules behind an ENI's own of the same meaning, so that the
 * real ones win from the moment at which they are there. docs/decisions/from-dhcp.md
 */
const firstIndex = 3900;

const indexCount = 100;

/** A rule that stands in the kernel with such a number. */
type ProvisionalRule = Extract<Difference, { readonly kind: "rule" }>;

/** Whether an index is one of these. */
function isProvisional(index: number): boolean {
  return index >= firstIndex && index < firstIndex + indexCount;
}

/** Whose of these numbers a rule has. */
function indexOfRule({ table, priority, ignoresDefault }: RoutingPolicyRule): number {
  return ignoresDefault ? priority - prioritiesOf(0).main : table - tableOf(0);
}

/** All of these rules, also those of NICs that are gone. */
function provisionalRules(kernel: KernelState): readonly ProvisionalRule[] {
  const noExpectations = { nics: [], indexOwners: [], isComplete: true, removedIndexes: [] };
  return findStaleRules(noExpectations, { ...kernel, routes: [] })
    .filter((difference) => difference.kind === "rule")
    .filter(({ rule }) => isProvisional(indexOfRule(rule)));
}

/**
 * The index that a NIC has already: by whose table packets leave through it, or whose rules wait for
 * its address and lead nowhere, as after its link was down. null: it has none.
 */
export function findExistingIndex(
  nic: string,
  address: string,
  kernel: KernelState,
): number | null {
  const provisionalRoutes = kernel.routes.filter(({ table }) => isProvisional(table - tableOf(0)));
  const linkRoute = provisionalRoutes.find(({ link }) => link === nic);
  if (linkRoute !== undefined) return linkRoute.table - tableOf(0);
  const indexes = provisionalRules(kernel)
    .filter(({ rule }) => rule.from === hostCidr(address))
    .map(({ rule }) => indexOfRule(rule));
  return (
    indexes.find((index) => !provisionalRoutes.some(({ table }) => table === tableOf(index))) ??
    null
  );
}

/** The lowest whose table is empty and that no rule has; null: all are taken. */
export function freeProvisionalIndex(kernel: KernelState): number | null {
  const taken = new Set([
    ...kernel.routes.map(({ table }) => table - tableOf(0)),
    ...provisionalRules(kernel).map(({ rule }) => indexOfRule(rule)),
  ]);
  const all = Array.from({ length: indexCount }, (_, offset) => firstIndex + offset);
  return all.find((index) => !taken.has(index)) ?? null;
}

/** NICs whose provisional tables and rules are no more, but for what is `wanted`. */
interface SettledNics {
  /** The links' names. */
  readonly nics: readonly string[];
  /** That one of them has or had; null: it is not known. */
  readonly address: string | null;
  readonly wanted: readonly RoutingPolicyRule[];
}

const timeoutMs = 10_000;

/**
 * Takes away the provisional rules and routes of NICs that are settled: they have their own numbers,
 * as after a run that asked IMDS, or lost their lease; and of any NIC those that cannot be of use,
 * whose address is nowhere or whose table is empty: with a NIC or its last address the kernel takes
 * routes away, and leaves rules. By `flush`, which does not fail where another was quicker: networkd
 * takes away rules that it did not make when it reads its files again.
 */
export function dropProvisional(settled: SettledNics, kernel: KernelState): readonly Step[] {
  const unneeded = provisionalRules(kernel).filter((each) =>
    isUnneeded(each.rule, settled, kernel),
  );
  return [...unneeded.map(flushRule), ...flushTables(settled, kernel)];
}

function flushRule(difference: ProvisionalRule): Step {
  const { family, from, to, table, priority } = difference.rule;
  const selectors = ["from", shortenCidr(from), ...(to === null ? [] : ["to", shortenCidr(to)])];
  const numbers = ["priority", `${priority}`, ...selectors, "table", `${table}`];
  const argv = ["ip", `-${family}`, "rule", "flush", ...numbers];
  return { argv, reason: flushReason(difference), mac: null, timeoutMs };
}

function isUnneeded(
  rule: RoutingPolicyRule,
  { nics, address, wanted }: SettledNics,
  { routes, addresses }: KernelState,
): boolean {
  if (wanted.some((each) => isSameRule(each, rule))) return false;
  const table = tableOf(indexOfRule(rule));
  const tableRoutes = routes.filter((route) => route.table === table && route.link !== null);
  const isHeld = addresses.some((each) => hostCidr(each.address) === rule.from);
  const isSettled =
    (address !== null && rule.from === hostCidr(address)) ||
    tableRoutes.some(({ link }) => link !== null && nics.includes(link));
  return isSettled || !isHeld || tableRoutes.length === 0;
}

function flushReason({ rule, text }: ProvisionalRule): string {
  return text.replace(
    /: no ENI has its table$/,
    `: table ${tableOf(indexOfRule(rule))} is provisional`,
  );
}

/** The tables that lead out through the NICs and are not wanted. */
function flushTables({ nics, wanted }: SettledNics, { routes }: KernelState): readonly Step[] {
  const wantedTables = new Set(wanted.map(({ table }) => table));
  const tables = routes
    .filter(({ link, family }) => family === 4 && link !== null && nics.includes(link))
    .map(({ table }) => table)
    .filter((table) => isProvisional(table - tableOf(0)) && !wantedTables.has(table));
  return [...new Set(tables)].map((table) => ({
    argv: ["ip", "-4", "route", "flush", "table", `${table}`],
    reason: `table ${table} was provisional`,
    mac: null,
    timeoutMs,
  }));
}

/**
 * Takes away what `hotplug --from-dhcp` made by itself for the NICs that now have what IMDS says: to
 * be done last, behind what brings that. A NIC without rules of its own, as the primary is, keeps it
 * for as long as main's default leads out through another: its answers would leave there, and be
 * dropped.
 */
export function dropSettled(nics: readonly NicConfig[], kernel: KernelState): readonly Step[] {
  const settled = nics.flatMap(({ name, rules }) => {
    return name !== null && (rules.length > 0 || hasBestDefaultRoute(name, kernel)) ? [name] : [];
  });
  return dropProvisional({ nics: settled, address: null, wanted: [] }, kernel);
}

/** Whether main's best IPv4 default, and no other as good, leads out through the link. */
export function hasBestDefaultRoute(nic: string, kernel: KernelState): boolean {
  const defaults = mainDefaultRoutes(kernel, 4);
  const lowestMetric = Math.min(...defaults.map(({ metric }) => metric));
  const used = defaults.filter(({ metric }) => metric === lowestMetric);
  return used.length > 0 && used.every(({ link }) => link === nic);
}
