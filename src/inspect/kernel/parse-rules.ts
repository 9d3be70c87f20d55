import type * as v from "valibot";
import { type Family, hostCidr, parseCidr, parseIpv4, parseIpv6 } from "../../model/address.ts";
import type { KernelRule } from "../../model/kernel-state.ts";
import { rulesSchema } from "./ip-schema.ts";

type IpRule = v.InferOutput<typeof rulesSchema>[number];

/** What a rule may hold without there being more to it than `KernelRule` can say. */
const plainMembers: readonly string[] = Object.keys(rulesSchema.item.entries);

/** One entry of `ip rule`. What is not understood makes it not plain, and never an error. */
export function kernelRule(rule: IpRule, family: Family): KernelRule {
  const from = selector(rule.src, rule.srclen, family);
  const to = selector(rule.dst, rule.dstlen, family);
  const suppressed = rule.suppress_prefixlen ?? null;
  const isUnderstood =
    from !== undefined && to !== undefined && (suppressed === null || suppressed === 0);
  return {
    family,
    priority: rule.priority,
    from: from ?? null,
    to: to ?? null,
    table: rule.table,
    ignoresDefault: suppressed === 0,
    isPlain: isUnderstood && Object.keys(rule).every((member) => plainMembers.includes(member)),
  };
}

/** null: anywhere; undefined: no canonical network (`10.0.0.5/24`, which the kernel takes as it is). */
function selector(
  text: string,
  length: number | undefined,
  family: Family,
): string | null | undefined {
  if (text === "all") return null;
  const address = family === 4 ? parseIpv4(text) : parseIpv6(text);
  if (address === null) return undefined;
  if (length === undefined) return hostCidr(address);
  return parseCidr(`${address}/${length}`, family) ?? undefined;
}
