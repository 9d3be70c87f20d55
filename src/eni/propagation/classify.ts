import * as v from "valibot";
import { type Eni, hasAddresses } from "../../model/eni.ts";
import { formatMs } from "../../model/text.ts";
import { invalidLeafFailure, toEni, eniSchema, type ListedEni } from "../schema.ts";
import {
  retractedLeaves,
  type EniObservations,
  unaskedLeaves,
  missingLeaves,
} from "./observations.ts";
import { checkComplete, checkSlotFree } from "../completeness.ts";
import type { OccupiedSlot } from "../../model/link.ts";

/** What is known about one attached NIC, at one moment. */
export interface EniFacts {
  readonly observed: EniObservations;
  /** The value of `meta-data/mac`; null if not known yet. */
  readonly primaryMac: string | null;
  /**
   * Whether the primary has `network-card`; null if not known yet. If this ENI lacks the leaf,
   * either the instance has one card or the leaf is late. The primary's folder exists since launch,
   * and on a type with several cards every ENI has the leaf: so if the primary lacks it too, there
   * is one card. Only the listing of the primary's folder is requested, and only once
   * (ec2-net-utils #153: a guess of 0 gave two NICs one table).
   */
  readonly primaryHasCard: boolean | null;
  /** The other watched ENIs, as far as known, because two ENIs must not have the same slot. */
  readonly otherEnis: readonly ListedEni[];
  /** The slots of other present NICs, watched or not. */
  readonly occupiedSlots: readonly OccupiedSlot[];
  /** The ENI when it was last complete; null if it never was. */
  readonly lastUsable: Eni | null;
  readonly kernel: KernelFacts | null;
  readonly times: ClassifyTimes;
}

/** What the kernel shows about the NIC. */
export interface KernelFacts {
  /** Addresses that a DHCP client set. EC2's DHCP server gives them before IMDS lists them. */
  readonly dhcp: readonly string[];
  /** Whether a router advertised itself on the link. */
  readonly hasRouter: boolean;
  readonly hasCarrier: boolean;
}

/** Times in ms; `nowMs` is from `Clock.now`. */
export interface ClassifyTimes {
  readonly nowMs: number;
  /** `--settle`: an ENI is settled if unchanged for this time; with 0, as soon as it is usable. */
  readonly settleMs: number;
  /** If addresses are missing for this time, while the rest is complete, they count as absent. */
  readonly confirmAbsenceMs: number;
}

/** What must be requested again, because its change can remove the reason to wait. */
export type AwaitedItem =
  "mac-list" | "primary-mac" | "primary-folder" | "folder" | { readonly leaf: string };

export type EniClassification =
  | { readonly state: "absent" | "not-yet"; readonly reason: string; readonly awaits: AwaitedItem }
  | {
      readonly state: "usable";
      readonly eni: Eni;
      /** Why it is not settled; empty if only `settleMs` has not passed yet. */
      readonly missing: readonly string[];
      /** Remarks for people, which neither delay a run nor make it fail. */
      readonly hints: readonly string[];
      readonly awaits: AwaitedItem;
    }
  | { readonly state: "settled"; readonly eni: Eni };

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
  const isUnchanged = observed.folderReadMs - observed.changedMs >= facts.times.settleMs;
  const isSettled = facts.times.settleMs === 0 || (pending === null && isUnchanged);
  if (isSettled) return { state: "settled", eni };
  return {
    state: "usable",
    eni,
    missing: pending === null ? [] : [pending.reason],
    hints: listHints(facts, eni),
    awaits: pending?.awaits ?? "folder",
  };
}

interface PendingReason {
  readonly reason: string;
  readonly awaits: AwaitedItem;
}

function parseCompleteEni(facts: EniFacts): { readonly eni: Eni } | PendingReason {
  const notRead = checkRead(facts);
  if (notRead !== null) return notRead;
  const listed = parseObservedEni(facts);
  if ("reason" in listed) return listed;
  const cardUnknown = checkCardKnown(facts, listed);
  if (cardUnknown !== null) return cardUnknown;
  const pending = checkComplete(listed, [listed, ...facts.otherEnis, ...primaryCardStandIn(facts)]);
  if (pending !== null) {
    return { reason: pending.reason, awaits: itemToReread(facts.observed, pending.leaf) };
  }
  const reason = checkSlotFree(listed, facts.occupiedSlots, facts.otherEnis);
  if (reason !== null) return { reason, awaits: itemToReread(facts.observed, "device-number") };
  const eni = toEni(listed);
  return checkHasAddress(facts, eni) ?? { eni };
}

/** Why values cannot be checked yet, because some are not read; null if all are read. */
function checkRead({ observed, primaryMac }: EniFacts): PendingReason | null {
  const { listedMs, folder, leaves } = observed;
  if (listedMs === null) return { reason: "IMDS does not list its MAC yet", awaits: "mac-list" };
  if (folder === "unread") return { reason: "its folder is not read yet", awaits: "folder" };
  if (folder === "gone") {
    const isNew = Object.keys(leaves).length === 0;
    const reason = isNew ? "its folder is still missing" : "its folder has disappeared";
    return { reason, awaits: "folder" };
  }
  if (primaryMac === null)
    return { reason: "meta-data/mac is still missing", awaits: "primary-mac" };
  const [unaskedLeaf] = unaskedLeaves(observed);
  if (unaskedLeaf !== undefined) {
    return { reason: `${unaskedLeaf}: listed, but not read yet`, awaits: { leaf: unaskedLeaf } };
  }
  const missing = missingLeaves(observed);
  const [first] = missing;
  if (first === undefined) return null;
  const reason = `${missing.join(", ")}: listed, but without a value yet`;
  return { reason, awaits: { leaf: first } };
}

/** Parses the known leaves of a folder. A value that is invalid may change, so ec2nic waits. */
export function parseObservedEni({
  observed,
  primaryMac,
}: Pick<EniFacts, "observed" | "primaryMac">): ListedEni | PendingReason {
  const { mac, leaves } = observed;
  const values = Object.entries(leaves).flatMap(([name, { value }]) => {
    return value === null ? [] : [[name, value] as const];
  });
  const parsed = v.safeParse(eniSchema, Object.fromEntries(values));
  if (parsed.success) return { mac, isPrimary: mac === primaryMac, folder: parsed.output };
  const [issue] = parsed.issues;
  const leaf = issue.path?.[0].key;
  const awaits = typeof leaf === "string" ? itemToReread(observed, leaf) : "folder";
  return { reason: invalidLeafFailure(mac, issue).message, awaits };
}

/** Where a change of a leaf is seen first: in the leaf, or in the listing if it is not listed. */
function itemToReread(observed: EniObservations, leaf: string): AwaitedItem {
  return observed.leaves[leaf]?.isListed === true ? { leaf } : "folder";
}

function checkCardKnown(facts: EniFacts, { isPrimary, folder }: ListedEni): PendingReason | null {
  const isKnown = folder["network-card"] !== undefined || facts.primaryHasCard !== null;
  const isKnownFromOther = facts.otherEnis.some((eni) => eni.folder["network-card"] !== undefined);
  if (isPrimary || isKnown || isKnownFromOther) return null;
  const reason = "whether this instance has several network cards is not known yet";
  return { reason, awaits: "primary-folder" };
}

/** The primary, as `checkComplete` needs it to see whether the instance has several cards. */
function primaryCardStandIn({ primaryMac, primaryHasCard }: EniFacts): readonly ListedEni[] {
  if (primaryMac === null || primaryHasCard !== true) return [];
  const folder = { "device-number": 0, "network-card": 0 };
  return [{ mac: primaryMac, isPrimary: true, folder: { ...emptyFolder, ...folder } }];
}

const emptyFolder = v.parse(eniSchema, {});

/**
 * An EFA-only ENI never has an address; IMDS may list none of another ENI for seconds. Only time
 * can decide: an ENI unchanged for `confirmAbsenceMs` is EFA-only, unless DHCP gave an address.
 */
function checkHasAddress({ observed, kernel, times }: EniFacts, eni: Eni): PendingReason | null {
  if (hasAddresses(eni)) return null;
  const [leased] = kernel?.dhcp ?? [];
  if (leased !== undefined) {
    return { reason: `DHCP gave ${leased}, but IMDS lists no address yet`, awaits: "folder" };
  }
  if (observed.folderReadMs - observed.changedMs >= times.confirmAbsenceMs) return null;
  const forMs = formatMs(times.confirmAbsenceMs);
  const reason = `IMDS lists no address yet; if nothing changes for ${forMs}, the ENI is EFA-only`;
  return { reason, awaits: "folder" };
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
