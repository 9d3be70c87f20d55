import { hostCidr } from "../../model/address.ts";
import type { Difference } from "../../model/difference.ts";
import type { KernelState } from "../../model/kernel-state.ts";
import type { RoutingPolicyRule } from "../../model/network-config.ts";
import { prioritiesOf, tableOf } from "../config/numbers.ts";
import { staleRules } from "../drift/stale-rules.ts";

/**
 * Indexes for NICs whose own is not known, since only IMDS tells it: those of network card 39, the
 * last that has numbers (`numbers.ts`; no instance type has more than 32 cards). They make tables
 * 13900 to 13999, which no ENI has, and rules behind an ENI's own of the same meaning, so that the
 * real ones win from the moment at which they are there. docs/decisions/from-dhcp.md
 */
const first = 3900;
const count = 100;

/** A rule that stands in the kernel with such a number. */
export type ProvisionalRule = Extract<Difference, { readonly kind: "rule" }>;

/** Whether an index is one of these. */
export function isProvisional(index: number): boolean {
  return index >= first && index < first + count;
}

/** Whose of these numbers a rule has. */
export function indexOfRule({ table, priority, ignoresDefault }: RoutingPolicyRule): number {
  return ignoresDefault ? priority - prioritiesOf(0).main : table - tableOf(0);
}

/** All of these rules, also those of NICs that are gone. */
export function provisionalRules(kernel: KernelState): readonly ProvisionalRule[] {
  const nobody = { nics: [], claims: [], isWhole: true, gone: [] };
  return staleRules(nobody, { ...kernel, routes: [] })
    .filter((difference) => difference.kind === "rule")
    .filter(({ rule }) => isProvisional(indexOfRule(rule)));
}

/**
 * The index that a NIC has already: by whose table packets leave through it, or whose rules wait for
 * its address and lead nowhere, as after its link was down. null: it has none.
 */
export function standingIndexOf(nic: string, address: string, kernel: KernelState): number | null {
  const ways = kernel.routes.filter(({ table }) => isProvisional(table - tableOf(0)));
  const way = ways.find(({ link }) => link === nic);
  if (way !== undefined) return way.table - tableOf(0);
  const waiting = provisionalRules(kernel)
    .filter(({ rule }) => rule.from === hostCidr(address))
    .map(({ rule }) => indexOfRule(rule));
  return waiting.find((index) => !ways.some(({ table }) => table === tableOf(index))) ?? null;
}

/** The lowest whose table is empty and that no rule has; null: all are taken. */
export function freeProvisionalIndex(kernel: KernelState): number | null {
  const taken = new Set([
    ...kernel.routes.map(({ table }) => table - tableOf(0)),
    ...provisionalRules(kernel).map(({ rule }) => indexOfRule(rule)),
  ]);
  const all = Array.from({ length: count }, (_, at) => first + at);
  return all.find((index) => !taken.has(index)) ?? null;
}
