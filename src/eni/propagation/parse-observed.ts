import { type Eni, hasAddresses } from "../../model/eni.ts";
import { formatMs } from "../../model/text.ts";
import { checkComplete, checkSlotFree } from "../completeness.ts";
import { finalQuietMs } from "../quiet-times.ts";
import { invalidLeafFailure, type ListedEni, parseEniFolder, toEni } from "../schema.ts";
import { settleEni } from "../settled.ts";
import type { AwaitedItem, EniFacts } from "./eni-facts.ts";
import {
  type EniObservations,
  isUnchangedFor,
  missingLeaves,
  unaskedLeaves,
} from "./observations.ts";

/** Why an ENI is not usable yet, and what must be requested again. */
export interface PendingReason {
  readonly reason: string;
  readonly awaits: AwaitedItem;
}

interface UsableEni {
  readonly eni: Eni;
  /** What contradicts what, and is not configured. */
  readonly problems: readonly string[];
}

/**
 * The ENI, if it can be configured with what was read. As long as anything changes, it must be
 * complete. After `confirmAbsenceMs` without a change, what is missing counts as absent.
 */
export function parseCompleteEni(facts: EniFacts): UsableEni | PendingReason {
  const parsed = parseChangingEni(facts);
  if ("eni" in parsed || !isUnchangedFor(facts.observed, facts.times.confirmAbsenceMs)) {
    return parsed;
  }
  return parseUnchangedEni(facts) ?? parsed;
}

function parseChangingEni(facts: EniFacts): UsableEni | PendingReason {
  const notRead = checkListed(facts) ?? checkRead(facts);
  if (notRead !== null) return notRead;
  const listed = parseObservedEni(facts);
  if ("reason" in listed) return listed;
  const cardUnknown = checkCardKnown(facts, listed);
  if (cardUnknown !== null) return cardUnknown;
  const pending = checkComplete(listed, [listed, ...listOthers(facts)]);
  if (pending !== null) {
    return { reason: pending.reason, awaits: itemToReread(facts.observed, pending.leaf) };
  }
  const reason = checkSlotFree(listed, facts.occupiedSlots, listOthers(facts));
  if (reason !== null) return { reason, awaits: itemToReread(facts.observed, "device-number") };
  const eni = toEni(listed);
  return checkHasAddress(facts, eni) ?? { eni, problems: [] };
}

/** The usable part of an ENI whose metadata does not change any more; null if there is none. */
function parseUnchangedEni(facts: EniFacts): UsableEni | null {
  const listed = checkDecidable(facts);
  if (listed === null) return null;
  if (checkSlotFree(listed, facts.occupiedSlots, listOthers(facts)) !== null) return null;
  const settled = settleEni(listed, [listed, ...listOthers(facts)]);
  if ("reason" in settled) return null;
  const eni = toEni(settled.eni);
  return checkHasAddress(facts, eni) === null ? { eni, problems: settled.problems } : null;
}

/**
 * Whether waiting cannot make an ENI usable: all that IMDS lists was read and is valid, and nothing
 * has changed for `finalQuietMs`.
 */
export function isUnusableForGood(facts: EniFacts): boolean {
  if (!isUnchangedFor(facts.observed, finalQuietMs)) return false;
  return checkDecidable(facts) !== null && "reason" in parseCompleteEni(facts);
}

/** The ENI if everything that decides about it was read and is valid; otherwise null. */
function checkDecidable(facts: EniFacts): ListedEni | null {
  if (checkListed(facts) !== null || unaskedLeaves(facts.observed).length > 0) return null;
  const listed = parseObservedEni(facts);
  if ("reason" in listed) return null;
  return checkCardKnown(facts, listed) === null ? listed : null;
}

/** Why nothing is known about the ENI yet; null if its folder was read. */
function checkListed({ observed, primaryMac }: EniFacts): PendingReason | null {
  const { listedMs, folder, leaves } = observed;
  if (listedMs === null) return { reason: "IMDS does not list its MAC yet", awaits: "mac-list" };
  if (folder === "unread") return { reason: "its folder is not read yet", awaits: "folder" };
  if (folder === "gone") {
    const isNew = Object.keys(leaves).length === 0;
    const reason = isNew ? "its folder is still missing" : "its folder has disappeared";
    return { reason, awaits: "folder" };
  }
  if (primaryMac !== null) return null;
  return { reason: "meta-data/mac is still missing", awaits: "primary-mac" };
}

/** Why values cannot be checked yet, because some are not read; null if all are read. */
function checkRead({ observed }: EniFacts): PendingReason | null {
  const [unaskedLeaf] = unaskedLeaves(observed);
  if (unaskedLeaf !== undefined) {
    return { reason: `${unaskedLeaf}: listed, but not read yet`, awaits: { leaf: unaskedLeaf } };
  }
  const missing = missingLeaves(observed);
  const [oldest] = missing;
  if (oldest === undefined) return null;
  const reason = `${missing.toSorted().join(", ")}: listed, but without a value yet`;
  return { reason, awaits: { leaf: oldest } };
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
  const parsed = parseEniFolder(Object.fromEntries(values));
  if ("folder" in parsed) return { mac, isPrimary: mac === primaryMac, ...parsed };
  const leaf = parsed.issue.path?.[0].key;
  const awaits = typeof leaf === "string" ? itemToReread(observed, leaf) : "folder";
  return { reason: invalidLeafFailure(mac, parsed.issue).message, awaits };
}

/** Where a change of a leaf is seen first: in the leaf, or in the listing if it is not listed. */
export function itemToReread(observed: EniObservations, leaf: string): AwaitedItem {
  return observed.leaves[leaf]?.isListed === true ? { leaf } : "folder";
}

function checkCardKnown(facts: EniFacts, { isPrimary, folder }: ListedEni): PendingReason | null {
  const isKnown = folder["network-card"] !== undefined || facts.primaryHasCard !== null;
  const isKnownFromOther = facts.otherEnis.some((eni) => eni.folder["network-card"] !== undefined);
  if (isPrimary || isKnown || isKnownFromOther) return null;
  const reason = "whether this instance has several network cards is not known yet";
  return { reason, awaits: "primary-folder" };
}

/** The other watched ENIs, and the primary as far as its slot is known. */
function listOthers(facts: EniFacts): readonly ListedEni[] {
  const { observed, otherEnis, primaryMac, primaryHasCard, primaryDevice } = facts;
  if (primaryMac === null || primaryMac === observed.mac) return otherEnis;
  const card = primaryHasCard === true ? { "network-card": "0" } : {};
  const parsed = parseEniFolder({ "device-number": String(primaryDevice ?? 0), ...card });
  if (!("folder" in parsed)) throw new Error("a number is a valid device-number");
  return [{ mac: primaryMac, isPrimary: true, ...parsed }, ...otherEnis];
}

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
