import type { Eni } from "../../model/eni.ts";
import type { AwaitedItem, EniFacts } from "./eni-facts.ts";
import { retractedLeaves } from "./observations.ts";
import { itemToReread, parseCompleteEni, type PendingReason } from "./parse-observed.ts";

export type EniClassification =
  | { readonly state: "absent" | "not-yet"; readonly reason: string; readonly awaits: AwaitedItem }
  | {
      readonly state: "usable";
      readonly eni: Eni;
      /** Why it is not settled; empty if only `settleMs` has not passed yet. */
      readonly missing: readonly string[];
      /** What contradicts what, and is not configured. */
      readonly problems: readonly string[];
      /** Remarks for people, which neither delay a run nor make it fail. */
      readonly hints: readonly string[];
      readonly awaits: AwaitedItem;
    }
  | { readonly state: "settled"; readonly eni: Eni; readonly problems: readonly string[] };

/**
 * Whether one ENI can be configured with what was read. An `absent` ENI is not listed. A `not-yet`
 * ENI is not complete. A `usable` ENI has only valid values, and all its relevant leaves are read.
 * A `settled` ENI is usable and was unchanged for `settleMs`; time in which IMDS gave no answer
 * does not count. An ENI that was complete before stays usable, even if a later answer has less.
 */
export function classifyEni(facts: EniFacts): EniClassification {
  const { observed, lastUsable } = facts;
  const parsed = parseCompleteEni(facts);
  const eni = "eni" in parsed ? parsed.eni : lastUsable;
  if (eni === null) {
    if ("eni" in parsed) throw new Error("an ENI that was found is there");
    return { state: observed.listedMs === null ? "absent" : "not-yet", ...parsed };
  }
  const pending = "eni" in parsed ? checkConfirmed(facts, parsed.eni) : parsed;
  const problems = "eni" in parsed ? parsed.problems : [];
  const isUnchanged = observed.folderReadMs - observed.changedMs >= facts.times.settleMs;
  const isSettled = facts.times.settleMs === 0 || (pending === null && isUnchanged);
  if (isSettled) return { state: "settled", eni, problems };
  return {
    state: "usable",
    eni,
    problems,
    missing: pending === null ? [] : [pending.reason],
    hints: listHints(facts, eni),
    awaits: pending?.awaits ?? "folder",
  };
}

/** Why IMDS must be expected to list more about a usable ENI; null if there is no reason. */
function checkConfirmed({ observed, kernel }: EniFacts, eni: Eni): PendingReason | null {
  const [retracted] = retractedLeaves(observed);
  if (retracted !== undefined) {
    const reason = `${retracted}: the last answer lacks a value that an earlier answer had`;
    return { reason, awaits: itemToReread(observed, retracted) };
  }
  const known = [...eni.ipv4.addresses, ...eni.ipv6.addresses];
  const leased = kernel?.dhcp.find((address) => !known.includes(address));
  if (leased === undefined) return null;
  return { reason: `DHCP gave ${leased}, which IMDS does not list yet`, awaits: "folder" };
}

/** A router is only a hint: it shows that the subnet has IPv6, but not that this ENI has it. */
function listHints({ kernel }: EniFacts, eni: Eni): readonly string[] {
  if (kernel === null) return [];
  const mayGetIpv6 = kernel.hasRouter && eni.ipv6.addresses.length === 0;
  return [
    ...(mayGetIpv6 ? ["a router advertises itself, so ipv6s may still appear"] : []),
    ...(kernel.hasCarrier ? [] : ["the link has no carrier"]),
  ];
}
