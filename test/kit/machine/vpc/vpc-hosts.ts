import type { Family } from "../../../../src/model/ip.ts";

/** A host on the side of the VPC. */
export interface VpcHost {
  readonly name: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

/** A host in the VPC, in a subnet without an ENI. */
export const inside: VpcHost = {
  name: "inside",
  ipv4: "10.0.250.10",
  ipv6: "2600:1f14:ec2:1fa::10",
};

/** A host on the internet, with documentation addresses (RFC 5737, RFC 3849). */
export const outside: VpcHost = {
  name: "outside",
  ipv4: "198.51.100.7",
  ipv6: "2001:db8:ffff::7",
};

/**
 * Addresses that are reachable on the link of every ENI: IMDS and the resolver.
 * https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
 */
export const onEveryLink = {
  imds: ["169.254.169.254", "fd00:ec2::254"],
  resolver: ["169.254.169.253", "fd00:ec2::253"],
} as const;

/** The names that the resolver of the VPC knows; for all others it answers NXDOMAIN. */
export const resolverNames = { "inside.vpc.example": inside, "outside.example": outside } as const;

export function addressOf(host: VpcHost, family: Family): string {
  return family === 4 ? host.ipv4 : host.ipv6;
}
