import { contains } from "../net/address.ts";
import type { ListedEni } from "./eni-schema.ts";

/**
 * Why an ENI cannot be configured yet; null where it is whole. After an attachment its leaves
 * arrive one by one over seconds, and some read as zero until then.
 */
export function whyIncomplete(eni: ListedEni, all: readonly ListedEni[]): string | null {
  return whyUnnumbered(eni, all) ?? whyNone(eni) ?? whyNoIpv4(eni) ?? whyNoIpv6(eni);
}

/** Card and device number make the NIC's table: a guess would let two NICs share one. */
function whyUnnumbered(eni: ListedEni, all: readonly ListedEni[]): string | null {
  const { isPrimary, folder } = eni;
  if (folder["interface-id"] === undefined) return "interface-id is not there yet";
  const device = folder["device-number"];
  if (device === undefined) return "device-number is not there yet";
  // The primary is card 0, device 0 on every instance type, whatever has arrived.
  if (isPrimary) return null;
  const card = folder["network-card"];
  // https://github.com/amazonlinux/amazon-ec2-net-utils/issues/153
  if (card === undefined && all.some((other) => other.folder["network-card"] !== undefined)) {
    return "network-card is not there yet, though another ENI has one";
  }
  if (device === 0 && (card ?? 0) === 0) {
    return "device-number reads 0, which is the primary's: it has not propagated yet";
  }
  const twin = all.find((other) => other !== eni && slotOf(other) === slotOf(eni));
  if (twin === undefined) return null;
  return `network card ${card ?? 0}, device ${device} is also said to be that of ${twin.mac}`;
}

function slotOf({ folder }: ListedEni): string {
  return `${folder["network-card"] ?? 0}/${folder["device-number"] ?? "?"}`;
}

/** Only another ENI can be EFA-only, and so without any address (AWS, EFA-only interfaces). */
function whyNone({ isPrimary, folder }: ListedEni): string | null {
  const isNone = folder["local-ipv4s"] === undefined && folder.ipv6s === undefined;
  return isPrimary && isNone ? "neither local-ipv4s nor ipv6s is there yet" : null;
}

function whyNoIpv4({ folder }: ListedEni): string | null {
  const { "local-ipv4s": addresses, "subnet-ipv4-cidr-block": subnets } = folder;
  const needing = [...(addresses ?? []), ...basesOf(folder["ipv4-prefix"])];
  return whyAddressless("local-ipv4s", addresses) ?? whySubnetless(needing, subnets, "ipv4");
}

function whyNoIpv6({ folder }: ListedEni): string | null {
  const { ipv6s: addresses, "subnet-ipv6-cidr-blocks": subnets } = folder;
  const needing = [...(addresses ?? []), ...basesOf(folder["ipv6-prefix"])];
  return whyAddressless("ipv6s", addresses) ?? whySubnetless(needing, subnets, "ipv6");
}

/** An ENI without addresses does not list the leaf at all; an empty one is a leaf on its way. */
function whyAddressless(name: string, addresses: readonly string[] | undefined): string | null {
  return addresses?.length === 0 ? `${name} is listed, but empty` : null;
}

function whySubnetless(
  addresses: readonly string[],
  subnets: readonly string[] | undefined,
  family: "ipv4" | "ipv6",
): string | null {
  if (addresses.length === 0) return null;
  const name = family === "ipv4" ? "subnet-ipv4-cidr-block" : "subnet-ipv6-cidr-blocks";
  if (subnets === undefined || subnets.length === 0) return `${name} is not there yet`;
  const lost = addresses.find((address) => !subnets.some((subnet) => contains(subnet, address)));
  return lost === undefined ? null : `${lost} lies in no subnet of ${name} (${subnets.join(", ")})`;
}

function basesOf(prefixes: readonly string[] | undefined): readonly string[] {
  return (prefixes ?? []).map((prefix) => prefix.slice(0, prefix.indexOf("/")));
}
