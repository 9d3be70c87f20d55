import type { Difference } from "../../model/plan.ts";
import { type KernelRule, type KernelState, mainTable } from "../../model/kernel-state.ts";
import type { RoutingPolicyRule } from "../../model/network-config.ts";
import type { IndexOwner, ExpectedKernel } from "./expected-kernel.ts";
import {
  eniLinkGroup,
  firstVersionMaxIndex,
  firstVersionPriorities,
  indexOfPriority,
  isIndex,
  prioritiesOf,
  tableOf,
} from "../config/table-numbers.ts";
import { widestPrefix } from "../config/policy-routing.ts";
import { cidrAddress, hostCidr } from "../../model/ip.ts";

/**
 * Our rules that belong to no ENI any more, because an address was removed or a NIC was detached.
 * The kernel removes a NIC's routes with the NIC, but not the rules. So while a table has a route
 * with a link, the table's NIC still exists and its rules are kept, whatever IMDS lists.
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
 * Our rule, with the index derived from its numbers; null if the rule is another program's.
 * Priority, table and suppressed routes must match each other, so a foreign rule is hardly ever
 * mistaken for ours.
 */
function parseManagedRule(kernelRule: KernelRule): ManagedRule | null {
  const { isPlain: _, from, ...fields } = kernelRule;
  if (from === null) return null;
  const rule = { ...fields, from };
  const index = indexOfRule(rule) ?? indexOfFirstVersionRule(rule);
  return index === null ? null : { index, rule };
}

/** The index from which a rule's table and priority follow; null if the rule is not ours. */
export function indexOfRule(rule: RoutingPolicyRule): number | null {
  const { family, to, table, priority, suppressPrefixLength, suppressGroup } = rule;
  if (to !== null) return null;
  if (table === mainTable) {
    const isOurs =
      (suppressPrefixLength === widestPrefix[family] || suppressPrefixLength === null) &&
      (suppressGroup === eniLinkGroup || (suppressGroup === null && suppressPrefixLength !== null));
    return isOurs ? indexOfPriority(priority, "main") : null;
  }
  const index = table - tableOf(0);
  if (suppressGroup !== null || !isIndex(index)) return null;
  if (suppressPrefixLength !== null && suppressPrefixLength !== 0) return null;
  const kind = suppressPrefixLength === null ? "own" : "table";
  return priority === prioritiesOf(index)[kind] ? index : null;
}

/** The index of a rule that ec2nic 0.1.0 has added; null if the rule is not such a rule. */
function indexOfFirstVersionRule(rule: RoutingPolicyRule): number | null {
  const { to, table, priority, suppressPrefixLength, suppressGroup } = rule;
  const { vpc, main, own } = firstVersionPriorities;
  const isMain = suppressPrefixLength === 0;
  const index = isMain ? priority - main : table - tableOf(0);
  if (suppressGroup !== null || index < 0 || index > firstVersionMaxIndex) return null;
  if (isMain) return table === mainTable && to === null ? index : null;
  const expectedPriority = index + (to === null ? own : vpc);
  return suppressPrefixLength === null && priority === expectedPriority ? index : null;
}

/** Another rule has the same fields and unknown conditions: `ip rule del` could delete that one. */
function isAmbiguous(rule: KernelRule, rules: readonly KernelRule[]): boolean {
  return rules.some((other) => !other.isPlain && isSameRule(other, rule));
}

function isWanted(rule: KernelRule, { rules }: IndexOwner): boolean {
  return rules === null || rules.some((wanted) => isSameRule(wanted, rule));
}

/** Whether an incomplete ENI or a link's routes may still use an index that has no known owner. */
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
    return { ...what, mac: null, name: null, text: `${description}, because no ENI has its table` };
  }
  const { mac, name } = owner;
  const text = `${name ?? mac}: ${description}, because its ENI does not need it`;
  return { ...what, mac, name, text };
}

type RuleFields = Omit<RoutingPolicyRule, "from"> & { readonly from: string | null };

/** Whether two rules have the same effect; the kernel refuses to add such a second rule. */
export function isSameRule(left: RuleFields, right: RuleFields): boolean {
  const fields = ["family", "priority", "from", "to", "table"] as const;
  const suppressed = ["suppressPrefixLength", "suppressGroup"] as const;
  return [...fields, ...suppressed].every((field) => left[field] === right[field]);
}

/** A rule in the syntax of `ip rule`: `rule 10001 from 10.0.1.20 lookup 10001`. */
export function describeRule(rule: RuleFields): string {
  const { priority, from, to, table, suppressPrefixLength, suppressGroup } = rule;
  const parts = [
    `rule ${priority} from ${from === null ? "all" : shortenCidr(from)}`,
    ...(to === null ? [] : [`to ${shortenCidr(to)}`]),
    `lookup ${table === mainTable ? "main" : table}`,
    ...(suppressPrefixLength === null ? [] : [`suppress_prefixlength ${suppressPrefixLength}`]),
    ...(suppressGroup === null ? [] : [`suppress_ifgroup ${suppressGroup}`]),
  ];
  return parts.join(" ");
}

/** A CIDR as `ip` prints it: a host has no prefix length, and a default route is `default`. */
export function shortenCidr(cidr: string): string {
  const address = cidrAddress(cidr);
  if (cidr === "0.0.0.0/0" || cidr === "::/0") return "default";
  return cidr === hostCidr(address) ? address : cidr;
}
