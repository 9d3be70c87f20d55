import { familyOf, hostCidr, subnetRouter } from "../net/address.ts";
import type { Eni, EniFamily } from "../net/eni.ts";
import type { Route, RoutingPolicyRule } from "../net/network-config.ts";

export interface PolicyRouting {
  readonly routes: readonly Route[];
  readonly rules: readonly RoutingPolicyRule[];
}

/**
 * Reserved in every VPC as the IPv6 router's address, whatever the subnet.
 * https://docs.aws.amazon.com/vpc/latest/userguide/vpc-ipv6-addressing.html
 */
const ipv6Router = "fe80:ec2::1";

/**
 * What makes answers leave through the ENI they came in by: EC2 drops packets whose source is not
 * one of the sending ENI's addresses. Rules send each address and each delegated prefix to the ENI's
 * own table, which holds its subnets and a default; the rule's priority is the table's number.
 */
export function policyRouting(eni: Eni, table: number): PolicyRouting {
  const sources = [...sourcesOf(eni.ipv4), ...sourcesOf(eni.ipv6)];
  return {
    routes: [...ipv4Routes(eni.ipv4, table), ...ipv6Routes(eni.ipv6, table)],
    rules: sources.map((from) => {
      const family = familyOf(from);
      return { family, from, to: null, table, priority: table, ignoresDefault: false };
    }),
  };
}

function sourcesOf(family: EniFamily): readonly string[] {
  return [...family.addresses.map(hostCidr), ...family.prefixes];
}

/** The subnets come first: the default's gateway is reached through them. */
function ipv4Routes(family: EniFamily, table: number): readonly Route[] {
  const [subnet] = family.subnets;
  if (subnet === undefined || sourcesOf(family).length === 0) return [];
  const gateway = subnetRouter(subnet);
  return [
    ...onLink(family.subnets, table),
    { family: 4, destination: "0.0.0.0/0", gateway, table },
  ];
}

function ipv6Routes(family: EniFamily, table: number): readonly Route[] {
  if (sourcesOf(family).length === 0) return [];
  return [
    ...onLink(family.subnets, table),
    { family: 6, destination: "::/0", gateway: ipv6Router, table },
  ];
}

function onLink(subnets: readonly string[], table: number): readonly Route[] {
  return subnets.map((destination) => {
    return { family: familyOf(destination), destination, gateway: null, table };
  });
}
