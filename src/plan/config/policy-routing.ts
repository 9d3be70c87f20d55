import { type Family, familyOf, hostCidr, subnetRouter, vpcIpv6Router } from "../../model/ip.ts";
import type { Eni, EniFamily } from "../../model/eni.ts";
import { mainTable } from "../../model/kernel-state.ts";
import type { NicConfig, Route, RoutingPolicyRule } from "../../model/network-config.ts";
import { prioritiesOf, tableOf } from "./table-numbers.ts";

/**
 * The networks of the VPC's own services (metadata, DNS, time), which every ENI can reach.
 * https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
 */
export const vpcServices = { 4: "169.254.168.0/22", 6: "fd00:ec2::/32" } as const;

/**
 * The routes and rules that make replies leave through the ENI on which the request arrived. EC2
 * drops packets whose source is not an address of the sending ENI. The ENI has its own table, with
 * its subnets and a default route. Each address and each delegated prefix has rules, in this order:
 *
 * 1. Packets to the VPC and its services use the ENI's table. Table main also has the other ENIs'
 *    subnets, and EC2 would drop a packet that leaves through another ENI with this source.
 * 2. Packets to containers, pods, VPNs and anything else for which main has a route that is not a
 *    default route use main (https://github.com/canonical/cloud-init/issues/5249). This is also the
 *    purpose of rule 30350 in nm-cloud-setup.
 * 3. All other packets use the ENI's table.
 */
export function policyRouting(eni: Eni, index: number): Pick<NicConfig, "routes" | "rules"> {
  const table = tableOf(index);
  return {
    routes: [...familyRoutes(eni.ipv4, 4, table), ...familyRoutes(eni.ipv6, 6, table)],
    rules: [...familyRules(eni.ipv4, index), ...familyRules(eni.ipv6, index)],
  };
}

function familyRules(family: EniFamily, index: number): readonly RoutingPolicyRule[] {
  // If IMDS does not list the VPC's networks, the ENI's own subnets are used.
  const vpcNetworks = family.vpcCidrs.length === 0 ? family.subnets : family.vpcCidrs;
  return listSources(family).flatMap((from) => sourceRules(from, vpcNetworks, index));
}

function sourceRules(
  from: string,
  vpcNetworks: readonly string[],
  index: number,
): readonly RoutingPolicyRule[] {
  const family = familyOf(from);
  const table = tableOf(index);
  const priority = prioritiesOf(index);
  const base = { family, from, to: null, table, ignoresDefault: false };
  return [
    ...[...vpcNetworks, vpcServices[family]].map((to) => ({ ...base, to, priority: priority.vpc })),
    { ...base, table: mainTable, priority: priority.main, ignoresDefault: true },
    { ...base, priority: priority.own },
  ];
}

function listSources(family: EniFamily): readonly string[] {
  return [...family.addresses.map(hostCidr), ...family.prefixes];
}

/** The subnets come first, because the default route's gateway is in one of them. */
function familyRoutes(eniFamily: EniFamily, family: Family, table: number): readonly Route[] {
  const { subnets } = eniFamily;
  const [gateway] = family === 4 ? subnets.map(subnetRouter) : [vpcIpv6Router];
  if (gateway === undefined || listSources(eniFamily).length === 0) return [];
  const route = { family, gateway: null, prefersAdvertised: false, table };
  const destination = family === 4 ? "0.0.0.0/0" : "::/0";
  return [
    ...subnets.map((subnet) => ({ ...route, destination: subnet })),
    { ...route, destination, gateway, prefersAdvertised: family === 6 },
  ];
}
