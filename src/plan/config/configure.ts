import { type Family, familyOf, hostCidr } from "../../model/ip.ts";
import { compareEnis, type Nic } from "../../model/eni.ts";
import type { NetworkConfig, NicConfig, RuleStyle } from "../../model/network-config.ts";
import { eniIndex, eniLinkGroup, metricOf } from "./table-numbers.ts";
import { policyRouting } from "./policy-routing.ts";

/** What the configuration depends on beside the ENIs. */
export interface ConfigSettings {
  readonly ruleStyle: RuleStyle;
  /** false: only the primary has a default route in the main table. If left out, every NIC has one. */
  readonly hasSecondaryDefaults?: boolean;
  /** What DHCP gave to NICs whose ENI is watched; if left out, only IMDS counts. */
  readonly leases?: DhcpAddresses;
}

/**
 * The configuration of these NICs. It depends on each ENI alone, so that an ENI that is attached or
 * detached changes no file of another one.
 */
export function configure(nics: readonly Nic[], settings: ConfigSettings): NetworkConfig {
  const sorted = nics.toSorted((left, right) => compareEnis(left.eni, right.eni));
  return { nics: sorted.map((nic) => configureNic(nic, settings)) };
}

function configureNic(nic: Nic, settings: ConfigSettings): NicConfig {
  const { eni, link } = nic;
  const { ruleStyle, hasSecondaryDefaults = true, leases = {} } = settings;
  const { isPrimary } = eni;
  const index = eniIndex(eni);
  const unlistedFamilies = ([4, 6] as const).filter((each) => hasUnlistedLease(nic, each, leases));
  return {
    mac: eni.mac,
    name: link?.name ?? null,
    eniId: eni.id,
    isPrimary,
    index,
    metric: metricOf(index),
    hasMainDefault: isPrimary || hasSecondaryDefaults,
    linkGroup: ruleStyle === "group" ? eniLinkGroup : null,
    dhcp6: eni.ipv6.addresses.length > 0 || unlistedFamilies.includes(6),
    leased: [...eni.ipv4.addresses.slice(0, 1), ...eni.ipv6.addresses.slice(0, 1)],
    unlistedFamilies,
    addresses: [...eni.ipv4.addresses.slice(1), ...eni.ipv6.addresses.slice(1)].map(hostCidr),
    ...policyRouting(eni, ruleStyle),
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
