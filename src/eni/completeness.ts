import { cidrAddress, cidrContains, type Family } from "../model/ip.ts";
import { numberedSlot, type Slot } from "../model/eni.ts";
import type { EniLeaf, ListedEni } from "./schema.ts";
import type { OccupiedSlot } from "../model/link.ts";

/** Why an ENI cannot be configured yet, and which leaf must be read again. */
interface IncompleteReason {
  readonly reason: string;
  readonly leaf: EniLeaf;
}

/**
 * Why an ENI cannot be configured yet; null if it is complete. After an attachment the ENI's leaves
 * appear one by one over seconds, and some leaves read as zero or empty at first.
 */
export function checkComplete(eni: ListedEni, all: readonly ListedEni[]): IncompleteReason | null {
  return (
    checkEmpty(eni) ??
    checkSlot(eni, all) ??
    checkPrimaryAddress(eni) ??
    checkSubnets(eni, 4) ??
    checkSubnets(eni, 6)
  );
}

function checkEmpty({ emptyLeaves }: ListedEni): IncompleteReason | null {
  const [leaf] = emptyLeaves;
  if (leaf === undefined) return null;
  return { leaf, reason: `${emptyLeaves.join(", ")}: listed, but without a value yet` };
}

function checkSlot(eni: ListedEni, all: readonly ListedEni[]): IncompleteReason | null {
  const missing = checkSlotKnown(eni, all);
  if (missing !== null || eni.isPrimary) return missing;
  if (!hasRealSlot(eni, all)) {
    const reason = "device-number reads 0, the primary's number, so it has not propagated yet";
    return { leaf: "device-number", reason };
  }
  const [duplicate] = sharingSlot(eni, all);
  if (duplicate === undefined) return null;
  const reason = `${describeSlot(eni)} is also the slot of ${duplicate.mac}`;
  return { leaf: "device-number", reason };
}

/** The table follows from card and device number, so a guess could give two NICs the same table. */
export function checkSlotKnown(
  { isPrimary, folder }: ListedEni,
  all: readonly ListedEni[],
): IncompleteReason | null {
  if (folder["interface-id"] === undefined) return missingLeaf("interface-id");
  if (isPrimary) return null;
  if (folder["device-number"] === undefined) return missingLeaf("device-number");
  // https://github.com/amazonlinux/amazon-ec2-net-utils/issues/153
  if (folder["network-card"] === undefined && hasCards(all)) {
    return missingLeaf("network-card", ", though another ENI has one");
  }
  return null;
}

/** The other ENIs whose slot or numbers are those of this ENI, whose slot is known. */
export function sharingSlot(eni: ListedEni, all: readonly ListedEni[]): readonly ListedEni[] {
  const own = numbersOf(eni);
  const isSharing = (other: ListedEni): boolean =>
    slotKey(other) === slotKey(eni) ||
    (other.folder["device-number"] !== undefined && isSameSlot(own, other));
  return all.filter((other) => other.mac !== eni.mac && isSharing(other));
}

/** `network card 0, device 1` */
export function describeSlot({ folder }: ListedEni): string {
  return `network card ${folder["network-card"] ?? 0}, device ${folder["device-number"] ?? 0}`;
}

/**
 * Drops ENIs that IMDS still lists after they were detached (VPC CNI #1008). This can be seen only
 * if two ENIs have one slot: the ENI whose MAC is in `present` is kept, the other is dropped.
 */
export function dropDetached(
  all: readonly ListedEni[],
  present: ReadonlySet<string>,
): readonly ListedEni[] {
  const hasKnownSlot = (eni: ListedEni): boolean => {
    const { "device-number": device, "network-card": card } = eni.folder;
    const isKnown = device !== undefined && (card !== undefined || !hasCards(all));
    return eni.isPrimary || (isKnown && hasRealSlot(eni, all));
  };
  const used = all.filter((eni) => present.has(eni.mac) && hasKnownSlot(eni)).map(slotKey);
  const isUsed = (eni: ListedEni): boolean => hasKnownSlot(eni) && used.includes(slotKey(eni));
  return all.filter((eni) => present.has(eni.mac) || !isUsed(eni));
}

function hasCards(all: readonly ListedEni[]): boolean {
  return all.some(({ folder }) => folder["network-card"] !== undefined);
}

function missingLeaf(leaf: EniLeaf, more = ""): IncompleteReason {
  return { leaf, reason: `${leaf} is still missing${more}` };
}

/** A primary without device-number is device 0, as on every type but those of HyperPod. */
function slotKey({ isPrimary, folder }: ListedEni): string {
  return `${folder["network-card"] ?? 0}/${folder["device-number"] ?? (isPrimary ? 0 : "?")}`;
}

/** The primary always has an address, because it cannot be EFA-only (AWS, EFA-only interfaces). */
export function checkPrimaryAddress({ isPrimary, folder }: ListedEni): IncompleteReason | null {
  const hasNoAddress = folder["local-ipv4s"] === undefined && folder.ipv6s === undefined;
  if (!isPrimary || !hasNoAddress) return null;
  return { leaf: "local-ipv4s", reason: "both local-ipv4s and ipv6s are still missing" };
}

/** By family, the leaves with addresses and prefixes, and the leaf with their subnets. */
export const familyLeaves = {
  4: { addresses: "local-ipv4s", prefixes: "ipv4-prefix", subnets: "subnet-ipv4-cidr-block" },
  6: { addresses: "ipv6s", prefixes: "ipv6-prefix", subnets: "subnet-ipv6-cidr-blocks" },
} as const;

/** Why addresses and prefixes cannot be used yet; null if each is in one of the listed subnets. */
export function checkSubnets({ folder }: ListedEni, family: Family): IncompleteReason | null {
  const { addresses, prefixes, subnets: leaf } = familyLeaves[family];
  const toCover = [...(folder[addresses] ?? []), ...(folder[prefixes] ?? []).map(cidrAddress)];
  if (toCover.length === 0) return null;
  const subnets = folder[leaf] ?? [];
  if (subnets.length === 0) return missingLeaf(leaf);
  const outside = toCover.find((each) => !isInside(each, subnets));
  return outside === undefined ? null : { leaf, reason: describeOutside(outside, leaf, subnets) };
}

/** Whether an address is in one of the subnets. */
export function isInside(address: string, subnets: readonly string[]): boolean {
  return subnets.some((subnet) => cidrContains(subnet, address));
}

/** `10.0.9.9 lies in no subnet of subnet-ipv4-cidr-block (10.0.1.0/24)` */
export function describeOutside(text: string, leaf: EniLeaf, subnets: readonly string[]): string {
  return `${text} lies in no subnet of ${leaf} (${subnets.join(", ")})`;
}

/** Whether the numbers of the ENI follow from this slot. */
export function isSameSlot(slot: Slot, eni: ListedEni): boolean {
  const own = numbersOf(eni);
  return slot.networkCard === own.networkCard && slot.deviceNumber === own.deviceNumber;
}

function numbersOf({ isPrimary, folder }: ListedEni): Slot {
  const { "device-number": deviceNumber = 0, "network-card": networkCard = 0 } = folder;
  return numberedSlot({ isPrimary, networkCard, deviceNumber });
}

/**
 * Why an ENI cannot have the slot that its leaves say; null if it can. It cannot if another NIC has
 * the slot: the leaf may still have an old value, and two NICs with one table lose each other's
 * packets. The slots of ENIs that are also watched (`others`) are taken from IMDS and not from
 * their files, because two ENIs may have swapped slots.
 */
export function checkSlotFree(
  eni: ListedEni,
  occupied: readonly OccupiedSlot[],
  others: readonly ListedEni[],
): string | null {
  const isRead = (other: ListedEni): boolean => hasRealSlot(other, [...others, eni]);
  const withKnownSlot = new Set(others.filter(isRead).map(({ mac }) => mac));
  const occupant = occupied.find((slot) => {
    return isSameSlot(slot, eni) && slot.mac !== eni.mac && !withKnownSlot.has(slot.mac);
  });
  if (eni.isPrimary || occupant === undefined) return null;
  const { name, mac } = occupant;
  return `${describeSlot(eni)} is the slot of ${name} (${mac}), so it has not propagated yet`;
}

/**
 * Whether the slot is the ENI's own. An ENI whose leaves are late reads as 0/0, which is nearly
 * always the slot of the primary. It can be real if the primary has another one (`numberedSlot`).
 */
function hasRealSlot({ folder }: ListedEni, all: readonly ListedEni[]): boolean {
  if ((folder["device-number"] ?? 0) > 0 || (folder["network-card"] ?? 0) > 0) return true;
  return all.some((eni) => eni.isPrimary && slotKey(eni) !== "0/0");
}
