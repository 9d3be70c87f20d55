import type { Link } from "./link.ts";

/**
 * An elastic network interface as IMDS describes it: what EC2 says a NIC should have. The kernel's
 * side of the same NIC is `Link`. Source: `meta-data/network/interfaces/macs/MAC/`,
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html
 */
export interface Eni {
  /** Canonical: lower case, colons. */
  readonly mac: string;
  /** `eni-…` */
  readonly id: string;
  /** Its MAC is `meta-data/mac`, static since launch. */
  readonly isPrimary: boolean;
  readonly deviceNumber: number;
  /** 0 where the instance type has one network card and IMDS lists none. */
  readonly networkCard: number;
  readonly ipv4: EniFamily;
  readonly ipv6: EniFamily;
}

/** What one ENI has of one address family; all canonical, sorted where nothing else is said. */
export interface EniFamily {
  /** The first is the ENI's own, which DHCP hands out; the others are secondary, sorted. */
  readonly addresses: readonly string[];
  /** The subnet(s) the ENI lies in: one for IPv4, any number for IPv6. */
  readonly subnets: readonly string[];
  readonly vpcCidrs: readonly string[];
  /** Prefixes delegated to the ENI (/28 and /80). */
  readonly prefixes: readonly string[];
}

/** An ENI that IMDS lists but does not know whole yet, and why. */
export interface IncompleteEni {
  readonly mac: string;
  readonly isPrimary: boolean;
  readonly reason: string;
}

/** By network card, device number and MAC: the order of everything that is made of ENIs. */
export function compareEnis(left: Eni, right: Eni): number {
  return (
    left.networkCard - right.networkCard ||
    left.deviceNumber - right.deviceNumber ||
    (left.mac < right.mac ? -1 : left.mac > right.mac ? 1 : 0)
  );
}

/** False for an EFA-only ENI, which has no IP configuration at all. */
export function hasAddresses(eni: Eni): boolean {
  return eni.ipv4.addresses.length + eni.ipv6.addresses.length > 0;
}

/** The matched pair: an ENI and the link that is it here. */
export interface Nic {
  readonly eni: Eni;
  /** null: IMDS knows the ENI, the kernel does not show it (yet). */
  readonly link: Link | null;
}
