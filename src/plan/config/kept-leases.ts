import { type Family, familyOf } from "../../model/address.ts";
import type { NicConfig } from "../../model/network-config.ts";
import type { Nic } from "../../model/nic.ts";

/** What DHCP clients brought: a link's name → addresses. */
export type Leases = Readonly<Record<string, readonly string[]>>;

/**
 * Whether DHCP gave the NIC an address of a family of which IMDS tells none. EC2's DHCP hands out
 * what an ENI has and nothing else: IMDS is late, and to switch DHCP off would take away an address
 * that works until it has told.
 */
export function holdsUntold({ eni, link }: Nic, family: Family, leases: Leases): boolean {
  const { addresses } = family === 4 ? eni.ipv4 : eni.ipv6;
  const leased = link === null ? [] : (leases[link.name] ?? []);
  return addresses.length === 0 && leased.some((address) => familyOf(address) === family);
}

/** The families for which DHCP is on though IMDS tells no address: not the last word on the NIC. */
export function untoldFamilies({ dhcp4, dhcp6, leased }: NicConfig): readonly Family[] {
  const on = [...(dhcp4 ? ([4] as const) : []), ...(dhcp6 ? ([6] as const) : [])];
  return on.filter((family) => !leased.some((address) => familyOf(address) === family));
}
