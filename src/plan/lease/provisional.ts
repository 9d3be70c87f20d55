import { hostCidr } from "../../model/ip.ts";
import type { Step } from "../../model/plan.ts";
import { type KernelState, mainDefaultRoutes } from "../../model/kernel-state.ts";
import type { NicConfig, RoutingPolicyRule } from "../../model/network-config.ts";
import { maxDeviceNumber } from "../../model/eni.ts";
import { indexOfSlot, provisionalCards, tableOf } from "../config/table-numbers.ts";
import { indexOfRule, isSameRule, shortenCidr, findStaleRules } from "../drift/rules.ts";

/**
 * A NIC gets a provisional index while its real index is unknown, because only IMDS has the real
 * one. Provisional are the indexes of the network cards 32 and 33, which no ENI can have
 * (`model/eni.ts`). Their tables are 13200 to 13231 and 13300 to 13331. Each kind of their rules has a
 * lower precedence than the same kind of an ENI's real rules, so the real rules count when they exist.
 * docs/decisions/from-dhcp.md
 */
const { first, count } = provisionalCards;
const provisionalIndexes: readonly number[] = Array.from({ length: count }, (_, card) =>
  Array.from({ length: maxDeviceNumber + 1 }, (__, deviceNumber) =>
    indexOfSlot({ networkCard: first + card, deviceNumber }),
  ),
).flat();

/** A rule in the kernel with a provisional index. */
interface ProvisionalRule {
  readonly index: number;
  readonly rule: RoutingPolicyRule;
  /** The difference that `findStaleRules` reports. */
  readonly text: string;
}

function isProvisional(index: number): boolean {
  return provisionalIndexes.includes(index);
}

/** All provisional rules in the kernel, including those of NICs that are gone. */
function provisionalRules(kernel: KernelState): readonly ProvisionalRule[] {
  const noExpectations = { nics: [], indexOwners: [], isComplete: true, removedIndexes: [] };
  return findStaleRules(noExpectations, { ...kernel, routes: [] }).flatMap((difference) => {
    const index = difference.kind === "rule" ? indexOfRule(difference.rule) : null;
    if (difference.kind !== "rule" || index === null || !isProvisional(index)) return [];
    return [{ index, rule: difference.rule, text: difference.text }];
  });
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
    .map(({ index }) => index);
  return indexes.find((index) => !routes.some(({ table }) => table === tableOf(index))) ?? null;
}

/** The lowest provisional index without routes and rules; null if all are in use. */
export function freeProvisionalIndex(kernel: KernelState): number | null {
  const taken = new Set([
    ...kernel.routes.map(({ table }) => table - tableOf(0)),
    ...provisionalRules(kernel).map(({ index }) => index),
  ]);
  return provisionalIndexes.find((index) => !taken.has(index)) ?? null;
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
  const unneeded = provisionalRules(kernel).filter((each) => isUnneeded(each, settled, kernel));
  return [...unneeded.map(flushRule), ...flushTables(settled, kernel)];
}

function flushRule({ index, rule, text }: ProvisionalRule): Step {
  const { family, from, to, table, priority } = rule;
  const selectors = ["from", shortenCidr(from), ...(to === null ? [] : ["to", shortenCidr(to)])];
  const numbers = ["priority", `${priority}`, ...selectors, "table", `${table}`];
  const argv = ["ip", `-${family}`, "rule", "flush", ...numbers];
  const unneeded = `because provisional table ${tableOf(index)} is not needed any more`;
  const reason = text.replace(/because no ENI has its table$/, unneeded);
  return { argv, reason, mac: null, timeoutMs };
}

function isUnneeded(
  { index, rule }: ProvisionalRule,
  { nics, address, wanted }: SettledNics,
  { routes, addresses }: KernelState,
): boolean {
  if (wanted.some((each) => isSameRule(each, rule))) return false;
  const table = tableOf(index);
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
 * IMDS says. They must run after the steps that configure the NICs. The primary, whose own table has
 * no default route, keeps its provisional table while main's default route uses another NIC.
 * Without the table its replies would leave through that other NIC, and EC2 would drop them.
 */
export function dropSettled(nics: readonly NicConfig[], kernel: KernelState): readonly Step[] {
  const settled = nics.flatMap(({ name, isPrimary }) => {
    return name !== null && (!isPrimary || hasBestDefaultRoute(name, kernel)) ? [name] : [];
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
