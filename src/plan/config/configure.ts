import { type Family, familyOf, hostCidr } from "../../model/ip.ts";
import { compareEnis, type Nic } from "../../model/eni.ts";
import type { NetworkConfig, NicConfig } from "../../model/network-config.ts";
import { eniIndex, metricOf } from "./table-numbers.ts";
import { policyRouting } from "./policy-routing.ts";

/**
 * The configuration of these NICs. The primary ENI has DHCP, but no rules and no table, because
 * rules would also match replies of containers and bridges
 * (https://github.com/amazonlinux/amazon-ec2-net-utils/issues/97). `isOnlyEni`: the instance has
 * one ENI in total, which needs no rules. `leases`: what DHCP gave to NICs whose ENI is watched.
 */
export function configure(
  nics: readonly Nic[],
  isOnlyEni: boolean,
  leases: DhcpAddresses = {},
): NetworkConfig {
  const sorted = nics.toSorted((left, right) => compareEnis(left.eni, right.eni));
  return { nics: sorted.map((nic) => configureNic(nic, isOnlyEni, leases)) };
}

function configureNic(nic: Nic, isOnlyEni: boolean, leases: DhcpAddresses): NicConfig {
  const { eni, link } = nic;
  const index = eniIndex(eni);
  const hasOwnTable = !eni.isPrimary && !isOnlyEni;
  const { routes, rules } = hasOwnTable ? policyRouting(eni, index) : { routes: [], rules: [] };
  return {
    mac: eni.mac,
    name: link?.name ?? null,
    eniId: eni.id,
    isPrimary: eni.isPrimary,
    index,
    metric: metricOf(index),
    // On an IPv6-only subnet a DHCPv4 client retries for ever, and the NIC never becomes "online".
    dhcp4: eni.ipv4.addresses.length > 0 || hasUnlistedLease(nic, 4, leases),
    dhcp6: eni.ipv6.addresses.length > 0 || hasUnlistedLease(nic, 6, leases),
    leased: [...eni.ipv4.addresses.slice(0, 1), ...eni.ipv6.addresses.slice(0, 1)],
    addresses: [...eni.ipv4.addresses.slice(1), ...eni.ipv6.addresses.slice(1)].map(hostCidr),
    routes,
    rules,
  };
}

/** By link name, the addresses that DHCP clients set. */
export type DhcpAddresses = Readonly<Record<string, readonly string[]>>;

/**
 * Whether DHCP gave the NIC an address of a family for which IMDS lists none. EC2's DHCP server
 * gives only addresses that the ENI has, so IMDS is late. If DHCP were disabled until IMDS lists
 * the address, an address that works would be removed.
 */
function hasUnlistedLease({ eni, link }: Nic, family: Family, leases: DhcpAddresses): boolean {
  const { addresses } = family === 4 ? eni.ipv4 : eni.ipv6;
  const leased = link === null ? [] : (leases[link.name] ?? []);
  return addresses.length === 0 && leased.some((address) => familyOf(address) === family);
}

/** The families for which DHCP is on although IMDS lists no address yet. */
export function unlistedLeaseFamilies({ dhcp4, dhcp6, leased }: NicConfig): readonly Family[] {
  const enabled = [...(dhcp4 ? ([4] as const) : []), ...(dhcp6 ? ([6] as const) : [])];
  return enabled.filter((family) => !leased.some((address) => familyOf(address) === family));
}
