import type { Difference } from "../../model/plan.ts";
import { type KernelRule, type KernelState, mainTable } from "../../model/kernel-state.ts";
import type { RoutingPolicyRule } from "../../model/network-config.ts";
import type { IndexOwner, ExpectedKernel } from "./expected-kernel.ts";
import { prioritiesOf, tableOf } from "../config/table-numbers.ts";
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
 * Priority and table must match each other, so a foreign rule is hardly ever mistaken for ours.
 */
function parseManagedRule(rule: KernelRule): ManagedRule | null {
  const { family, from, to, table, priority, ignoresDefault } = rule;
  if (from === null) return null;
  const base = prioritiesOf(0);
  const index = ignoresDefault ? priority - base.main : table - tableOf(0);
  // With a higher index, a priority would be in the range of the next kind of rule.
  if (index < 0 || index >= base.main - base.vpc) return null;
  const { vpc, own } = prioritiesOf(index);
  const isOurs = ignoresDefault
    ? table === mainTable && to === null
    : priority === (to === null ? own : vpc);
  return isOurs ? { index, rule: { family, from, to, table, priority, ignoresDefault } } : null;
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
  const fields = ["family", "priority", "from", "to", "table", "ignoresDefault"] as const;
  return fields.every((field) => left[field] === right[field]);
}

/** A rule in the syntax of `ip rule`: `rule 10001 from 10.0.1.20 lookup 10001`. */
export function describeRule({ priority, from, to, table, ignoresDefault }: RuleFields): string {
  const parts = [
    `rule ${priority} from ${from === null ? "all" : shortenCidr(from)}`,
    ...(to === null ? [] : [`to ${shortenCidr(to)}`]),
    `lookup ${table === mainTable ? "main" : table}`,
    ...(ignoresDefault ? ["suppress_prefixlength 0"] : []),
  ];
  return parts.join(" ");
}

/** A CIDR as `ip` prints it: a host has no prefix length, and a default route is `default`. */
export function shortenCidr(cidr: string): string {
  const address = cidrAddress(cidr);
  if (cidr === "0.0.0.0/0" || cidr === "::/0") return "default";
  return cidr === hostCidr(address) ? address : cidr;
}
