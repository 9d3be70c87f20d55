import { hostCidr } from "../../model/ip.ts";
import type { Difference, Step } from "../../model/plan.ts";
import { type KernelState, mainDefaultRoutes } from "../../model/kernel-state.ts";
import type { NicConfig, RoutingPolicyRule } from "../../model/network-config.ts";
import { prioritiesOf, tableOf } from "../config/table-numbers.ts";
import { isSameRule, shortenCidr, findStaleRules } from "../drift/rules.ts";

/**
 * The provisional indexes: for NICs whose real index is unknown, because only IMDS has it. They are
 * those of network card 39, the last one that has numbers (`table-numbers.ts`; no instance type has
 * more than 32 cards). They give tables 13900 to 13999, which no ENI uses, and rules with a lower
 * precedence than an ENI's real rules, which therefore win as soon as they exist.
 * docs/decisions/from-dhcp.md
 */
const firstIndex = 3900;
const indexCount = 100;

/** A rule in the kernel with a provisional index. */
type ProvisionalRule = Extract<Difference, { readonly kind: "rule" }>;

function isProvisional(index: number): boolean {
  return index >= firstIndex && index < firstIndex + indexCount;
}

/** The index that a rule's numbers encode. */
function indexOfRule({ table, priority, ignoresDefault }: RoutingPolicyRule): number {
  return ignoresDefault ? priority - prioritiesOf(0).main : table - tableOf(0);
}

/** All provisional rules in the kernel, including those of NICs that are gone. */
function provisionalRules(kernel: KernelState): readonly ProvisionalRule[] {
  const noExpectations = { nics: [], indexOwners: [], isComplete: true, removedIndexes: [] };
  return findStaleRules(noExpectations, { ...kernel, routes: [] })
    .filter((difference) => difference.kind === "rule")
    .filter(({ rule }) => isProvisional(indexOfRule(rule)));
}

/**
 * The provisional index that a NIC already has: its table has a route through the NIC, or a rule has
 * the NIC's address and its table is empty, as after the link was down. null: none.
 */
export function findUsedIndex(nic: string, address: string, kernel: KernelState): number | null {
  const routes = kernel.routes.filter(({ table }) => isProvisional(table - tableOf(0)));
  const linkRoute = routes.find(({ link }) => link === nic);
  if (linkRoute !== undefined) return linkRoute.table - tableOf(0);
  const indexes = provisionalRules(kernel)
    .filter(({ rule }) => rule.from === hostCidr(address))
    .map(({ rule }) => indexOfRule(rule));
  return indexes.find((index) => !routes.some(({ table }) => table === tableOf(index))) ?? null;
}

/** The lowest provisional index without routes and rules; null: all are in use. */
export function freeProvisionalIndex(kernel: KernelState): number | null {
  const taken = new Set([
    ...kernel.routes.map(({ table }) => table - tableOf(0)),
    ...provisionalRules(kernel).map(({ rule }) => indexOfRule(rule)),
  ]);
  const all = Array.from({ length: indexCount }, (_, offset) => firstIndex + offset);
  return all.find((index) => !taken.has(index)) ?? null;
}

/** NICs that need no provisional tables and rules any more, except those in `wanted`. */
interface SettledNics {
  /** The links' names. */
  readonly nics: readonly string[];
  /** An address that one of them has or had; null: not known. */
  readonly address: string | null;
  readonly wanted: readonly RoutingPolicyRule[];
}

const timeoutMs = 10_000;

/**
 * The commands that remove provisional rules and routes: those of settled NICs (they got their real
 * index from a run that asked IMDS, or lost their lease), and useless ones of any NIC (no link has
 * the address, or the table is empty: with a NIC or its last address the kernel removes the routes
 * but not the rules). `flush` does not fail if the rule is already gone: networkd removes foreign
 * rules when it reads its files again.
 */
export function dropProvisional(settled: SettledNics, kernel: KernelState): readonly Step[] {
  const unneeded = provisionalRules(kernel).filter(({ rule }) => isUnneeded(rule, settled, kernel));
  return [...unneeded.map(flushRule), ...flushTables(settled, kernel)];
}

function flushRule({ rule, text }: ProvisionalRule): Step {
  const { family, from, to, table, priority } = rule;
  const selectors = ["from", shortenCidr(from), ...(to === null ? [] : ["to", shortenCidr(to)])];
  const numbers = ["priority", `${priority}`, ...selectors, "table", `${table}`];
  const argv = ["ip", `-${family}`, "rule", "flush", ...numbers];
  const ownTable = `table ${tableOf(indexOfRule(rule))}`;
  const reason = text.replace(/: no ENI has its table$/, `: ${ownTable} is provisional`);
  return { argv, reason, mac: null, timeoutMs };
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

/** Flushes the provisional tables with routes through the NICs that are not wanted. */
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
 * The commands that remove what `hotplug --from-dhcp` added for NICs that are now configured as IMDS
 * says. They must run last, after the steps that configure the NICs. A NIC without rules of its own,
 * like the primary, keeps its provisional table while main's default route uses another NIC: without
 * the table its replies would leave through that NIC, and be dropped.
 */
export function dropSettled(nics: readonly NicConfig[], kernel: KernelState): readonly Step[] {
  const settled = nics.flatMap(({ name, rules }) => {
    return name !== null && (rules.length > 0 || hasBestDefaultRoute(name, kernel)) ? [name] : [];
  });
  return dropProvisional({ nics: settled, address: null, wanted: [] }, kernel);
}

/** Whether all of main's IPv4 default routes with the lowest metric go through the link. */
export function hasBestDefaultRoute(nic: string, kernel: KernelState): boolean {
  const defaults = mainDefaultRoutes(kernel, 4);
  const lowestMetric = Math.min(...defaults.map(({ metric }) => metric));
  const used = defaults.filter(({ metric }) => metric === lowestMetric);
  return used.length > 0 && used.every(({ link }) => link === nic);
}
