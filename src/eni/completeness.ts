import { contains } from "../model/ip.ts";
import type { EniLeaf, ListedEni } from "./schema.ts";
import type { TakenPlace } from "../model/link.ts";

/** What keeps an ENI from being configured, and the leaf in which it would show that it is over. */
interface Obstacle {
  readonly reason: string;
  readonly leaf: EniLeaf;
}

/**
 * Why an ENI cannot be configured yet; null where it is whole. After an attachment its leaves
 * arrive one by one over seconds, and some read as zero until then.
 */
export function whyIncomplete(eni: ListedEni, all: readonly ListedEni[]): Obstacle | null {
  return whyUnnumbered(eni, all) ?? whyNone(eni) ?? whyNoIpv4(eni) ?? whyNoIpv6(eni);
}

/** Card and device number make the NIC's table: a guess would let two NICs share one. */
function whyUnnumbered(eni: ListedEni, all: readonly ListedEni[]): Obstacle | null {
  const { isPrimary, folder } = eni;
  if (folder["interface-id"] === undefined) return notThere("interface-id");
  // The primary is card 0, device 0 on every instance type, whatever has arrived.
  if (isPrimary) return null;
  const device = folder["device-number"];
  if (device === undefined) return notThere("device-number");
  const card = folder["network-card"];
  // https://github.com/amazonlinux/amazon-ec2-net-utils/issues/153
  if (card === undefined && all.some((other) => other.folder["network-card"] !== undefined)) {
    return notThere("network-card", ", though another ENI has one");
  }
  if (device === 0 && (card ?? 0) === 0) {
    const reason = "device-number reads 0, which is the primary's: it has not propagated yet";
    return { leaf: "device-number", reason };
  }
  const twin = all.find((other) => other !== eni && slotOf(other) === slotOf(eni));
  if (twin === undefined) return null;
  const reason = `network card ${card ?? 0}, device ${device} is also said to be that of ${twin.mac}`;
  return { leaf: "device-number", reason };
}

/**
 * Without those that IMDS still lists after their detachment (VPC CNI #1008), as far as it shows: of
 * two in one place, the one whose NIC is `here` has it, and one that has no NIC here has left.
 */
export function withoutGhosts(
  all: readonly ListedEni[],
  here: ReadonlySet<string>,
): readonly ListedEni[] {
  const hasCards = all.some(({ folder }) => folder["network-card"] !== undefined);
  const hasPlace = ({ isPrimary, folder }: ListedEni): boolean => {
    const { "device-number": device, "network-card": card } = folder;
    const isKnown = device !== undefined && (card !== undefined || !hasCards);
    return isPrimary || (isKnown && (device > 0 || (card ?? 0) > 0));
  };
  const placed = all.filter((eni) => here.has(eni.mac) && hasPlace(eni)).map(slotOf);
  return all.filter((eni) => here.has(eni.mac) || !hasPlace(eni) || !placed.includes(slotOf(eni)));
}

function notThere(leaf: EniLeaf, more = ""): Obstacle {
  return { leaf, reason: `${leaf} is not there yet${more}` };
}

function slotOf({ folder }: ListedEni): string {
  return `${folder["network-card"] ?? 0}/${folder["device-number"] ?? "?"}`;
}

/** Only another ENI can be EFA-only, and so without any address (AWS, EFA-only interfaces). */
function whyNone({ isPrimary, folder }: ListedEni): Obstacle | null {
  const isNone = folder["local-ipv4s"] === undefined && folder.ipv6s === undefined;
  if (!isPrimary || !isNone) return null;
  return { leaf: "local-ipv4s", reason: "neither local-ipv4s nor ipv6s is there yet" };
}

function whyNoIpv4({ folder }: ListedEni): Obstacle | null {
  const { "local-ipv4s": addresses, "subnet-ipv4-cidr-block": subnets } = folder;
  const needing = [...(addresses ?? []), ...basesOf(folder["ipv4-prefix"])];
  return whyAddressless("local-ipv4s", addresses) ?? whySubnetless(needing, subnets, "ipv4");
}

function whyNoIpv6({ folder }: ListedEni): Obstacle | null {
  const { ipv6s: addresses, "subnet-ipv6-cidr-blocks": subnets } = folder;
  const needing = [...(addresses ?? []), ...basesOf(folder["ipv6-prefix"])];
  return whyAddressless("ipv6s", addresses) ?? whySubnetless(needing, subnets, "ipv6");
}

/** An ENI without addresses does not list the leaf at all; an empty one is a leaf on its way. */
function whyAddressless(
  leaf: "local-ipv4s" | "ipv6s",
  addresses: readonly string[] | undefined,
): Obstacle | null {
  return addresses?.length === 0 ? { leaf, reason: `${leaf} is listed, but empty` } : null;
}

function whySubnetless(
  addresses: readonly string[],
  subnets: readonly string[] | undefined,
  family: "ipv4" | "ipv6",
): Obstacle | null {
  if (addresses.length === 0) return null;
  const leaf = family === "ipv4" ? "subnet-ipv4-cidr-block" : "subnet-ipv6-cidr-blocks";
  if (subnets === undefined || subnets.length === 0) return notThere(leaf);
  const lost = addresses.find((address) => !subnets.some((subnet) => contains(subnet, address)));
  if (lost === undefined) return null;
  return { leaf, reason: `${lost} lies in no subnet of ${leaf} (${subnets.join(", ")})` };
}

function basesOf(prefixes: readonly string[] | undefined): readonly string[] {
  return (prefixes ?? []).map((prefix) => prefix.slice(0, prefix.indexOf("/")));
}

/**
 * Why an ENI cannot be where its leaves say, null where it can: another NIC is there. A number that
 * has not propagated yet may be one that was real a moment ago, and two NICs in one table lose each
 * other's packets. Of those that are watched too (`others`), what IMDS says counts more than what
 * once was configured: two ENIs may have changed places.
 */
export function whyTaken(
  eni: ListedEni,
  taken: readonly TakenPlace[],
  others: readonly ListedEni[],
): string | null {
  const { "device-number": device = 0, "network-card": card = 0 } = eni.folder;
  const told = new Set(others.filter(hasNumber).map(({ mac }) => mac));
  const holder = taken.find(({ mac, networkCard, deviceNumber }) => {
    const isSame = networkCard === card && deviceNumber === device;
    return isSame && mac !== eni.mac && !told.has(mac);
  });
  if (eni.isPrimary || holder === undefined) return null;
  const { name, mac } = holder;
  return `network card ${card}, device ${device} is where ${name} is (${mac}): it has not propagated yet`;
}

/** 0 on the first card is the primary's, and what is read before the real one. */
function hasNumber({ folder }: ListedEni): boolean {
  return (folder["device-number"] ?? 0) > 0 || (folder["network-card"] ?? 0) > 0;
}
