import { type Family, familyOf, hostCidr, subnetRouter, vpcIpv6Router } from "../../model/ip.ts";
import type { Eni, EniFamily } from "../../model/eni.ts";
import { mainTable } from "../../model/kernel-state.ts";
import type { NicConfig, Route, RoutingPolicyRule } from "../../model/network-config.ts";
import { prioritiesOf, tableOf } from "./table-numbers.ts";

/**
 * The networks of the VPC's own services, reachable on every ENI: metadata, DNS, time.
 * https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
 */
export const vpcServices = { 4: "169.254.168.0/22", 6: "fd00:ec2::/32" } as const;

/**
 * The routes and rules that make replies leave through the ENI on which the request arrived: EC2
 * drops packets whose source is not an address of the sending ENI. The ENI has its own table, with
 * its subnets and a default route. Each address and each delegated prefix has rules, in this order:
 *
 * 1. to the VPC and its services: the ENI's table. The main table also has the other ENIs' subnets,
 *    and a packet that left through another ENI with this source would be dropped.
 * 2. any other destination for which main has a route, except the default: main. Those are bridges
 *    of containers, pods and VPNs (https://github.com/canonical/cloud-init/issues/5249);
 *    nm-cloud-setup has rule 30350 for the same purpose.
 * 3. the rest: the ENI's table.
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

/** The subnets come first: the default route's gateway is reached through them. */
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
