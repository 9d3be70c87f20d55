import { hostCidr } from "../../model/address.ts";
import { mainTable } from "../../model/kernel-state.ts";
import type { RoutingPolicyRule } from "../../model/network-config.ts";

type RuleWords = Omit<RoutingPolicyRule, "from"> & { readonly from: string | null };

/** Whether two rules do the same; the kernel takes no two that do. */
export function isSameRule(left: RuleWords, right: RuleWords): boolean {
  return (
    left.family === right.family &&
    left.priority === right.priority &&
    left.from === right.from &&
    left.to === right.to &&
    left.table === right.table &&
    left.ignoresDefault === right.ignoresDefault
  );
}

/** As `ip rule` has it: `rule 10001 from 10.0.1.20 lookup 10001`. */
export function describeRule({ priority, from, to, table, ignoresDefault }: RuleWords): string {
  const words = [
    `rule ${priority} from ${from === null ? "all" : shortened(from)}`,
    ...(to === null ? [] : [`to ${shortened(to)}`]),
    `lookup ${table === mainTable ? "main" : table}`,
    ...(ignoresDefault ? ["suppress_prefixlength 0"] : []),
  ];
  return words.join(" ");
}

/** A host without its length, a default as the word for it: as `ip` shows them. */
export function shortened(cidr: string): string {
  const address = cidr.slice(0, cidr.indexOf("/"));
  if (cidr === "0.0.0.0/0" || cidr === "::/0") return "default";
  return cidr === hostCidr(address) ? address : cidr;
}
