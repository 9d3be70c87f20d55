import {
  type Family,
  familyOf,
  hostCidr,
  linkLocalNetwork,
  subnetRouter,
  vpcIpv6Router,
} from "../../model/ip.ts";
import type { Eni, EniFamily } from "../../model/eni.ts";
import { mainTable } from "../../model/kernel-state.ts";
import type { NicConfig, Route, RoutingPolicyRule, RuleStyle } from "../../model/network-config.ts";
import { eniIndex, eniLinkGroup, prioritiesOf, tableOf } from "./table-numbers.ts";

/**
 * The networks of the VPC's own services (metadata, DNS, time), which every ENI can reach.
 * https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
 */
export const vpcServices = { 4: "169.254.168.0/22", 6: "fd00:ec2::/32" } as const;

/**
 * The longest prefix that counts as "everything". A VPN that takes all traffic adds a default route
 * or two halves: 0.0.0.0/1 and 128.0.0.0/1 (OpenVPN's `redirect-gateway def1`), and for IPv6
 * ::/1 and 8000::/1, or 2000::/4 and 3000::/4.
 */
export const widestPrefix = { 4: 1, 6: 4 } as const;

/**
 * The routes and rules that make packets leave through the ENI that has their source address,
 * because EC2 drops them otherwise. docs/decisions/packet-table.md has a table of all cases.
 *
 * A secondary ENI's table has its subnets and a default route. Style `group`: (1) main without
 * routes through ENIs and without routes to everything, for bridges and the own networks of a VPN
 * (https://github.com/canonical/cloud-init/issues/5249); (2) the ENI's table. Style `prefix`: (1)
 * the ENI's table without its default route, for the VPC; (2) main without routes to everything;
 * (3) the ENI's table.
 *
 * The primary's table has the VPC's networks and no default route, so that a packet to another ENI's
 * subnet leaves through the primary (amazon-ec2-net-utils #174, amazon-vpc-cni-k8s #1605), and all
 * other packets use main as if there were no rules (amazon-ec2-net-utils #97).
 */
export function policyRouting(eni: Eni, style: RuleStyle): Pick<NicConfig, "routes" | "rules"> {
  const families = [
    { ...eni.ipv4, family: 4 },
    { ...eni.ipv6, family: 6 },
  ] as const;
  const routing = { eni, style, table: tableOf(eniIndex(eni)) };
  return {
    routes: families.flatMap((each) => familyRoutes(each, routing)),
    rules: families.flatMap((each) =>
      listSources(each).flatMap((from) => sourceRules(from, routing)),
    ),
  };
}

interface Routing {
  readonly eni: Eni;
  readonly style: RuleStyle;
  readonly table: number;
}

function sourceRules(from: string, { eni, style, table }: Routing): readonly RoutingPolicyRule[] {
  const family = familyOf(from);
  const priority = prioritiesOf(eniIndex(eni));
  const base = { family, from, to: null, suppressPrefixLength: null, suppressGroup: null };
  const withoutEverything = eni.isPrimary ? null : widestPrefix[family];
  const own = { ...base, table, priority: priority.own };
  const main = {
    ...base,
    table: mainTable,
    priority: priority.main,
    suppressPrefixLength: withoutEverything,
  };
  if (style === "group") return [{ ...main, suppressGroup: eniLinkGroup }, own];
  if (eni.isPrimary) return [own];
  const first = { ...base, table, priority: priority.table, suppressPrefixLength: 0 };
  return [first, main, own];
}

function listSources(family: EniFamily): readonly string[] {
  return [...family.addresses.map(hostCidr), ...family.prefixes];
}

interface FamilyOfEni extends EniFamily {
  readonly family: Family;
}

/**
 * The subnets come first, because the gateway of the other routes is in one of them. Only a default
 * route prefers the advertised router. networkd 257 adds it as a nexthop object that it shares with
 * main's default route, and the kernel caches IPv6 routes by nexthop (`rt6_get_pcpu_route`). If a
 * route to the VPC shared the object, its prefix length would be taken for that of main's default
 * route, and `suppress_prefixlength 0` of Mullvad and wg-quick would not ignore it.
 */
function familyRoutes(eniFamily: FamilyOfEni, { eni, style, table }: Routing): readonly Route[] {
  const { family, subnets, vpcCidrs, prefixes } = eniFamily;
  const [gateway] = family === 4 ? subnets.map(subnetRouter) : [vpcIpv6Router];
  if (gateway === undefined || listSources(eniFamily).length === 0) return [];
  const onLink = {
    family,
    type: "unicast",
    gateway: null,
    prefersAdvertised: false,
    table,
  } as const;
  const everything = family === 4 ? "0.0.0.0/0" : "::/0";
  const viaGateway = { ...onLink, gateway };
  const byDefault = { ...viaGateway, destination: everything, prefersAdvertised: family === 6 };
  const isPrefixStyle = style === "prefix";
  const services = isPrefixStyle && !eni.isPrimary ? [vpcServices[family]] : [];
  const vpcNetworks = isPrefixStyle || eni.isPrimary ? [...vpcCidrs, ...services] : [];
  const remote = vpcNetworks.filter((network) => !subnets.includes(network));
  // With `group`, the first rule ignores main's route to link-local neighbours of the NIC.
  const neighbours = family === 6 && !isPrefixStyle && !eni.isPrimary ? [linkLocalNetwork] : [];
  return [
    ...[...subnets, ...neighbours].map((destination) => ({ ...onLink, destination })),
    ...remote.map((destination) => ({ ...viaGateway, destination })),
    ...(isPrefixStyle ? prefixes : []).map(
      (destination) => ({ ...onLink, type: "throw", destination }) as const,
    ),
    ...(eni.isPrimary ? [] : [byDefault]),
  ];
}
