import type { Family } from "../../../../src/model/ip.ts";

/** A host of the VPC's side that machines talk to. */
export interface VpcHost {
  readonly name: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

/** In the VPC's ranges, in a subnet that no ENI is in. */
export const inside: VpcHost = {
  name: "inside",
  ipv4: "10.0.250.10",
  ipv6: "2600:1f14:ec2:1fa::10",
};

/** Behind the internet gateway: documentation's addresses (RFC 5737, RFC 3849). */
export const outside: VpcHost = {
  name: "outside",
  ipv4: "198.51.100.7",
  ipv6: "2001:db8:ffff::7",
};

/**
 * Addresses that are answered on every ENI's link: IMDS, and the resolver.
 * https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
 */
export const onEveryLink = {
  imds: ["169.254.169.254", "fd00:ec2::254"],
  resolver: ["169.254.169.253", "fd00:ec2::253"],
} as const;

/** Names that the VPC's resolver knows; of all others it says at once that there are none. */
export const resolverNames = { "inside.vpc.example": inside, "outside.example": outside } as const;

export function addressOf(host: VpcHost, family: Family): string {
  return family === 4 ? host.ipv4 : host.ipv6;
}
