import { hostCidr } from "../../model/address.ts";
import type { KernelState } from "../../model/kernel-state.ts";
import type { RoutingPolicyRule } from "../../model/network-config.ts";
import type { Step } from "../../model/network-plan.ts";
import { tableOf } from "../config/numbers.ts";
import {
  indexOfRule,
  isProvisional,
  type ProvisionalRule,
  provisionalRules,
} from "./provisional.ts";
import { isSameRule, shortened } from "../drift/rule-words.ts";

/** NICs whose provisional tables and rules are no more, but for what is `wanted`. */
export interface Settled {
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
export function dropProvisional(settled: Settled, kernel: KernelState): readonly Step[] {
  const doomed = provisionalRules(kernel).filter((each) => isDoomed(each.rule, settled, kernel));
  return [...doomed.map(flushRule), ...flushes(settled, kernel)];
}

function flushRule(difference: ProvisionalRule): Step {
  const { family, from, to, table, priority } = difference.rule;
  const ends = ["from", shortened(from), ...(to === null ? [] : ["to", shortened(to)])];
  const numbers = ["priority", `${priority}`, ...ends, "table", `${table}`];
  const argv = ["ip", `-${family}`, "rule", "flush", ...numbers];
  return { argv, reason: reasonOf(difference), mac: null, timeoutMs };
}

function isDoomed(
  rule: RoutingPolicyRule,
  { nics, address, wanted }: Settled,
  { routes, addresses }: KernelState,
): boolean {
  if (wanted.some((each) => isSameRule(each, rule))) return false;
  const table = tableOf(indexOfRule(rule));
  const ways = routes.filter((route) => route.table === table && route.link !== null);
  const isHeld = addresses.some((each) => hostCidr(each.address) === rule.from);
  const isSettled =
    (address !== null && rule.from === hostCidr(address)) ||
    ways.some(({ link }) => link !== null && nics.includes(link));
  return isSettled || !isHeld || ways.length === 0;
}

function reasonOf({ rule, text }: ProvisionalRule): string {
  return text.replace(
    /: no ENI has its table$/,
    `: table ${tableOf(indexOfRule(rule))} is provisional`,
  );
}

/** The tables that lead out through the NICs and are not wanted. */
function flushes({ nics, wanted }: Settled, { routes }: KernelState): readonly Step[] {
  const kept = new Set(wanted.map(({ table }) => table));
  const tables = routes
    .filter(({ link, family }) => family === 4 && link !== null && nics.includes(link))
    .map(({ table }) => table)
    .filter((table) => isProvisional(table - tableOf(0)) && !kept.has(table));
  return [...new Set(tables)].map((table) => ({
    argv: ["ip", "-4", "route", "flush", "table", `${table}`],
    reason: `table ${table} was provisional`,
    mac: null,
    timeoutMs,
  }));
}
