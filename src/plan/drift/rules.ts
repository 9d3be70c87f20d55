import type { Difference } from "../../model/plan.ts";
import { type KernelRule, type KernelState, mainTable } from "../../model/kernel-state.ts";
import type { RoutingPolicyRule } from "../../model/network-config.ts";
import type { IndexOwner, ExpectedKernel } from "./expected-kernel.ts";
import { prioritiesOf, tableOf } from "../config/table-numbers.ts";
import { cidrAddress, hostCidr } from "../../model/ip.ts";

/**
 * Our rules that belong to no ENI any more: an address was removed, or a NIC was detached. Rules
 * outlive their NIC, routes do not. So while a table has a route with a link, its NIC still exists
 * and keeps its rules, whatever IMDS lists.
 */
export function findStaleRules(
  expected: ExpectedKernel,
  kernel: KernelState,
): readonly Difference[] {
  return kernel.rules.flatMap((rule) => {
    const ours = parseManagedRule(rule);
    if (ours === null || isAmbiguous(rule, kernel.rules)) return [];
    const owner = expected.indexOwners.find(({ index }) => index === ours.index) ?? null;
    const isKept =
      owner === null ? mayBeInUse(ours.index, expected, kernel) : isWanted(rule, owner);
    return isKept ? [] : [staleRule(ours.rule, owner)];
  });
}

interface ManagedRule {
  readonly index: number;
  readonly rule: RoutingPolicyRule;
}

/**
 * Our rule, with the index derived from its numbers; null: a rule of another program. Priority and
 * table must match each other, so a foreign rule is hardly ever mistaken for ours.
 */
function parseManagedRule(rule: KernelRule): ManagedRule | null {
  const { family, from, to, table, priority, ignoresDefault } = rule;
  if (from === null) return null;
  const base = prioritiesOf(0);
  const index = ignoresDefault ? priority - base.main : table - tableOf(0);
  // A higher index would reach the numbers of the next kind of rule.
  if (index < 0 || index >= base.main - base.vpc) return null;
  const { vpc, own } = prioritiesOf(index);
  const isOurs = ignoresDefault
    ? table === mainTable && to === null
    : priority === (to === null ? own : vpc);
  return isOurs ? { index, rule: { family, from, to, table, priority, ignoresDefault } } : null;
}

/** A rule with the same fields has unknown conditions: `ip rule del` could delete the wrong one. */
function isAmbiguous(rule: KernelRule, rules: readonly KernelRule[]): boolean {
  return rules.some((other) => !other.isPlain && isSameRule(other, rule));
}

function isWanted(rule: KernelRule, { rules }: IndexOwner): boolean {
  return rules === null || rules.some((wanted) => isSameRule(wanted, rule));
}

/** Whether an index without owner may still be used, by an incomplete ENI or by a link's routes. */
function mayBeInUse(
  index: number,
  { isComplete, removedIndexes }: ExpectedKernel,
  { routes }: KernelState,
): boolean {
  const table = tableOf(index);
  const isKnown = isComplete || removedIndexes.includes(index);
  return !isKnown || routes.some((route) => route.table === table && route.link !== null);
}

function staleRule(rule: RoutingPolicyRule, owner: IndexOwner | null): Difference {
  const description = `${describeRule(rule)} is left over`;
  const what = { kind: "rule", what: "stale", rule } as const;
  if (owner === null) {
    return { ...what, mac: null, name: null, text: `${description}: no ENI has its table` };
  }
  const { mac, name } = owner;
  return { ...what, mac, name, text: `${name ?? mac}: ${description}: its ENI does not need it` };
}

type RuleFields = Omit<RoutingPolicyRule, "from"> & { readonly from: string | null };

/** Whether two rules have the same effect; the kernel refuses a second one. */
export function isSameRule(left: RuleFields, right: RuleFields): boolean {
  const fields = ["family", "priority", "from", "to", "table", "ignoresDefault"] as const;
  return fields.every((field) => left[field] === right[field]);
}

/** In the syntax of `ip rule`: `rule 10001 from 10.0.1.20 lookup 10001`. */
export function describeRule({ priority, from, to, table, ignoresDefault }: RuleFields): string {
  const parts = [
    `rule ${priority} from ${from === null ? "all" : shortenCidr(from)}`,
    ...(to === null ? [] : [`to ${shortenCidr(to)}`]),
    `lookup ${table === mainTable ? "main" : table}`,
    ...(ignoresDefault ? ["suppress_prefixlength 0"] : []),
  ];
  return parts.join(" ");
}

/** As `ip` prints a CIDR: a host without its prefix length, a default route as `default`. */
export function shortenCidr(cidr: string): string {
  const address = cidrAddress(cidr);
  if (cidr === "0.0.0.0/0" || cidr === "::/0") return "default";
  return cidr === hostCidr(address) ? address : cidr;
}
