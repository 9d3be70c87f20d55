import { hostCidr } from "../../model/ip.ts";
import type { Difference, Step } from "../../model/plan.ts";
import { type KernelState, mainDefaultRoutes } from "../../model/kernel-state.ts";
import type { NicConfig, RoutingPolicyRule } from "../../model/network-config.ts";
import { prioritiesOf, tableOf } from "../config/table-numbers.ts";
import { isSameRule, shortenCidr, findStaleRules } from "../drift/rules.ts";

/**
 * A NIC gets a provisional index while its real index is unknown, because only IMDS has the real
 * one. Provisional are the indexes of network card 39, the last card that has numbers
 * (`table-numbers.ts`; no instance type has more than 32 cards). Their tables, 13900 to 13999, are
 * used by no ENI. Their rules have a lower precedence than an ENI's real rules, so the real rules
 * count when they exist. docs/decisions/from-dhcp.md
 */
const firstIndex = 3900;
const indexCount = 100;

/** A rule in the kernel with a provisional index. */
type ProvisionalRule = Extract<Difference, { readonly kind: "rule" }>;

function isProvisional(index: number): boolean {
  return index >= firstIndex && index < firstIndex + indexCount;
}

/** The index from which a rule's table and priority follow. */
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
 * The provisional index that a NIC already has; null if none. Either the index's table has a route
 * through the NIC, or the table is empty (the link was down) and a rule has the NIC's address.
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

/** The lowest provisional index without routes and rules; null if all are in use. */
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
  /** An address that one of these NICs has or had; null if not known. */
  readonly address: string | null;
  readonly wanted: readonly RoutingPolicyRule[];
}

const timeoutMs = 10_000;

/**
 * The commands that remove provisional rules and routes of settled NICs: these got their real index
 * from a run that asked IMDS, or lost their lease. Rules of any other NIC are removed if no link
 * has their address or their table is empty, because the kernel removes routes but not rules
 * together with a NIC or its last address. `flush` does not fail if the rule is already gone, which
 * happens because networkd removes foreign rules when it reads its files again.
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
  const unneeded = `because provisional table ${tableOf(indexOfRule(rule))} is not needed any more`;
  const reason = text.replace(/because no ENI has its table$/, unneeded);
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

/** Flushes the unwanted provisional tables that have routes through the NICs. */
function flushTables({ nics, wanted }: SettledNics, { routes }: KernelState): readonly Step[] {
  const wantedTables = new Set(wanted.map(({ table }) => table));
  const tables = routes
    .filter(({ link, family }) => family === 4 && link !== null && nics.includes(link))
    .map(({ table }) => table)
    .filter((table) => isProvisional(table - tableOf(0)) && !wantedTables.has(table));
  return [...new Set(tables)].map((table) => ({
    argv: ["ip", "-4", "route", "flush", "table", `${table}`],
    reason: `provisional table ${table} is not needed any more`,
    mac: null,
    timeoutMs,
  }));
}

/**
 * The commands that remove what `hotplug --from-dhcp` added for NICs that are now configured as
 * IMDS says. They must run after the steps that configure the NICs. A NIC without rules of its own,
 * like the primary, keeps its provisional table while main's default route uses another NIC.
 * Without the table its replies would leave through that other NIC, and EC2 would drop them.
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
