import { cidrAddress, cidrContains, type Family } from "../model/ip.ts";
import type { EniLeaf, ListedEni } from "./schema.ts";
import type { OccupiedSlot } from "../model/link.ts";

/** Why an ENI cannot be configured yet, and which leaf must be read again. */
interface IncompleteReason {
  readonly reason: string;
  readonly leaf: EniLeaf;
}

/**
 * Why an ENI cannot be configured yet; null if it is complete. After an attachment the ENI's leaves
 * appear one by one over seconds, and some leaves read as zero at first.
 */
export function checkComplete(eni: ListedEni, all: readonly ListedEni[]): IncompleteReason | null {
  return checkSlot(eni, all) ?? checkPrimaryAddress(eni) ?? checkIp(eni, 4) ?? checkIp(eni, 6);
}

/** The table follows from card and device number, so a guess could give two NICs the same table. */
function checkSlot(eni: ListedEni, all: readonly ListedEni[]): IncompleteReason | null {
  const { isPrimary, folder } = eni;
  if (folder["interface-id"] === undefined) return missingLeaf("interface-id");
  // The primary is card 0, device 0 on every instance type.
  if (isPrimary) return null;
  const device = folder["device-number"];
  if (device === undefined) return missingLeaf("device-number");
  const card = folder["network-card"];
  // https://github.com/amazonlinux/amazon-ec2-net-utils/issues/153
  if (card === undefined && all.some((other) => other.folder["network-card"] !== undefined)) {
    return missingLeaf("network-card", ", though another ENI has one");
  }
  if (device === 0 && (card ?? 0) === 0) {
    const reason = "device-number reads 0, the primary's number, so it has not propagated yet";
    return { leaf: "device-number", reason };
  }
  const duplicate = all.find((other) => other !== eni && slotKey(other) === slotKey(eni));
  if (duplicate === undefined) return null;
  const reason = `network card ${card ?? 0}, device ${device} is also the slot of ${duplicate.mac}`;
  return { leaf: "device-number", reason };
}

/**
 * Drops ENIs that IMDS still lists after they were detached (VPC CNI #1008). This can be seen only
 * if two ENIs have one slot: the ENI whose MAC is in `present` is kept, the other is dropped.
 */
export function dropDetached(
  all: readonly ListedEni[],
  present: ReadonlySet<string>,
): readonly ListedEni[] {
  const hasCards = all.some(({ folder }) => folder["network-card"] !== undefined);
  const hasSlot = ({ isPrimary, folder }: ListedEni): boolean => {
    const { "device-number": device, "network-card": card } = folder;
    const isKnown = device !== undefined && (card !== undefined || !hasCards);
    return isPrimary || (isKnown && (device > 0 || (card ?? 0) > 0));
  };
  const used = all.filter((eni) => present.has(eni.mac) && hasSlot(eni)).map(slotKey);
  return all.filter((eni) => present.has(eni.mac) || !hasSlot(eni) || !used.includes(slotKey(eni)));
}

function missingLeaf(leaf: EniLeaf, more = ""): IncompleteReason {
  return { leaf, reason: `${leaf} is still missing${more}` };
}

function slotKey({ folder }: ListedEni): string {
  return `${folder["network-card"] ?? 0}/${folder["device-number"] ?? "?"}`;
}

/** The primary always has an address, because it cannot be EFA-only (AWS, EFA-only interfaces). */
function checkPrimaryAddress({ isPrimary, folder }: ListedEni): IncompleteReason | null {
  const hasNoAddress = folder["local-ipv4s"] === undefined && folder.ipv6s === undefined;
  if (!isPrimary || !hasNoAddress) return null;
  return { leaf: "local-ipv4s", reason: "both local-ipv4s and ipv6s are still missing" };
}

const familyLeaves = {
  4: { addresses: "local-ipv4s", prefixes: "ipv4-prefix", subnets: "subnet-ipv4-cidr-block" },
  6: { addresses: "ipv6s", prefixes: "ipv6-prefix", subnets: "subnet-ipv6-cidr-blocks" },
} as const;

function checkIp({ folder }: ListedEni, family: Family): IncompleteReason | null {
  const leaves = familyLeaves[family];
  const { [leaves.addresses]: addresses, [leaves.prefixes]: prefixes = [] } = folder;
  // An ENI without addresses does not list the leaf at all. An empty leaf has not propagated yet.
  if (addresses?.length === 0)
    return { leaf: leaves.addresses, reason: `${leaves.addresses} is listed, but empty` };
  const toCover = [...(addresses ?? []), ...prefixes.map(cidrAddress)];
  if (toCover.length === 0) return null;
  const leaf = leaves.subnets;
  const subnets = folder[leaf] ?? [];
  if (subnets.length === 0) return missingLeaf(leaf);
  const outside = toCover.find((each) => !subnets.some((subnet) => cidrContains(subnet, each)));
  if (outside === undefined) return null;
  return { leaf, reason: `${outside} lies in no subnet of ${leaf} (${subnets.join(", ")})` };
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
  const { "device-number": device = 0, "network-card": card = 0 } = eni.folder;
  const withKnownSlot = new Set(others.filter(hasRealSlot).map(({ mac }) => mac));
  const occupant = occupied.find(({ mac, networkCard, deviceNumber }) => {
    const isSame = networkCard === card && deviceNumber === device;
    return isSame && mac !== eni.mac && !withKnownSlot.has(mac);
  });
  if (eni.isPrimary || occupant === undefined) return null;
  const { name, mac } = occupant;
  return `network card ${card}, device ${device} is the slot of ${name} (${mac}), so it has not propagated yet`;
}

/** Whether the slot is not 0/0: the primary has 0/0, and so has an ENI whose leaves are late. */
function hasRealSlot({ folder }: ListedEni): boolean {
  return (folder["device-number"] ?? 0) > 0 || (folder["network-card"] ?? 0) > 0;
}
