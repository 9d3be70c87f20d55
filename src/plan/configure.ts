import { hostCidr } from "../net/address.ts";
import { compareEnis } from "../net/eni.ts";
import type { NetworkConfig, NicConfig } from "../net/network-config.ts";
import type { Nic } from "../net/nic.ts";
import { indexOf, metricOf } from "./numbers.ts";
import { policyRouting } from "./policy-routing.ts";

/**
 * What the network of these NICs should be. The primary ENI has DHCP and neither rules nor a table:
 * rules there catch the answers of containers and bridges
 * (https://github.com/amazonlinux/amazon-ec2-net-utils/issues/97). `isAlone`: the instance has one
 * ENI in all, and nothing to route between.
 */
export function configure(nics: readonly Nic[], isAlone: boolean): NetworkConfig {
  const sorted = nics.toSorted((left, right) => compareEnis(left.eni, right.eni));
  return { nics: sorted.map((nic) => configureNic(nic, isAlone)) };
}

function configureNic({ eni, link }: Nic, isAlone: boolean): NicConfig {
  const index = indexOf(eni);
  const hasOwnTable = !eni.isPrimary && !isAlone;
  const { routes, rules } = hasOwnTable ? policyRouting(eni, index) : { routes: [], rules: [] };
  return {
    mac: eni.mac,
    name: link?.name ?? null,
    eniId: eni.id,
    isPrimary: eni.isPrimary,
    index,
    metric: metricOf(index),
    // A DHCP client on an IPv6-only subnet would ask for ever, and never be "online".
    dhcp4: eni.ipv4.addresses.length > 0,
    dhcp6: eni.ipv6.addresses.length > 0,
    leased: [...eni.ipv4.addresses.slice(0, 1), ...eni.ipv6.addresses.slice(0, 1)],
    addresses: [...eni.ipv4.addresses.slice(1), ...eni.ipv6.addresses.slice(1)].map(hostCidr),
    routes,
    rules,
  };
}
