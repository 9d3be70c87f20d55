import { type Family, familyOf, hostCidr } from "../../model/ip.ts";
import { compareEnis, type Nic } from "../../model/eni.ts";
import type { NetworkConfig, NicConfig } from "../../model/network-config.ts";
import { eniIndex, metricOf } from "./table-numbers.ts";
import { policyRouting } from "./policy-routing.ts";

/**
 * What the network of these NICs should be. The primary ENI has DHCP and neither rules nor a table:
 * rules there catch the answers of containers and bridges
 * (https://github.com/amazonlinux/amazon-ec2-net-utils/issues/97). `isAlone`: the instance has one
 * ENI in all, and nothing to route between. `leases`: what DHCP gave to NICs whose ENIs are not known
 * for good yet.
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
    // A DHCP client on an IPv6-only subnet would ask for ever, and never be "online".
    dhcp4: eni.ipv4.addresses.length > 0 || hasUnlistedLease(nic, 4, leases),
    dhcp6: eni.ipv6.addresses.length > 0 || hasUnlistedLease(nic, 6, leases),
    leased: [...eni.ipv4.addresses.slice(0, 1), ...eni.ipv6.addresses.slice(0, 1)],
    addresses: [...eni.ipv4.addresses.slice(1), ...eni.ipv6.addresses.slice(1)].map(hostCidr),
    routes,
    rules,
  };
}

/** What DHCP clients brought: a link's name → addresses. */
export type DhcpAddresses = Readonly<Record<string, readonly string[]>>;

/**
 * Whether DHCP gave the NIC an address of a family of which IMDS tells none. EC2's DHCP hands out
 * what an ENI has and nothing else: IMDS is late, and to switch DHCP off would take away an address
 * that works until it has told.
 */
function hasUnlistedLease({ eni, link }: Nic, family: Family, leases: DhcpAddresses): boolean {
  const { addresses } = family === 4 ? eni.ipv4 : eni.ipv6;
  const leased = link === null ? [] : (leases[link.name] ?? []);
  return addresses.length === 0 && leased.some((address) => familyOf(address) === family);
}

/** The families for which DHCP is on though IMDS tells no address: not the last word on the NIC. */
export function unlistedLeaseFamilies({ dhcp4, dhcp6, leased }: NicConfig): readonly Family[] {
  const enabled = [...(dhcp4 ? ([4] as const) : []), ...(dhcp6 ? ([6] as const) : [])];
  return enabled.filter((family) => !leased.some((address) => familyOf(address) === family));
}
