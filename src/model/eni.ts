import type { Link } from "./link.ts";
import { compareText } from "./text.ts";

/**
 * An elastic network interface as IMDS describes it: what EC2 says that a NIC should have. The
 * kernel's side of the same NIC is `Link`. Source: `meta-data/network/interfaces/macs/MAC/`,
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html
 */
export interface Eni {
  /** Canonical: lower case, colons. */
  readonly mac: string;
  /** `eni-…` */
  readonly id: string;
  /** Its MAC is `meta-data/mac`, which does not change after the launch. */
  readonly isPrimary: boolean;
  readonly deviceNumber: number;
  /** 0 if the instance type has a single network card and IMDS lists none. */
  readonly networkCard: number;
  readonly ipv4: EniFamily;
  readonly ipv6: EniFamily;
}

/** What an ENI has of one address family; all canonical, and sorted unless stated otherwise. */
export interface EniFamily {
  /** First the primary address, which DHCP gives; then the secondary ones, sorted. */
  readonly addresses: readonly string[];
  /** The subnets of the ENI: one for IPv4, any number for IPv6. */
  readonly subnets: readonly string[];
  readonly vpcCidrs: readonly string[];
  /** Prefixes delegated to the ENI (/28 and /80). */
  readonly prefixes: readonly string[];
}

/** An ENI that IMDS lists and whose metadata is not complete, with the reason. */
export interface IncompleteEni {
  readonly mac: string;
  readonly isPrimary: boolean;
  readonly reason: string;
}

/** By network card, device number and MAC: the order of everything that is derived from ENIs. */
export function compareEnis(left: Eni, right: Eni): number {
  return (
    left.networkCard - right.networkCard ||
    left.deviceNumber - right.deviceNumber ||
    compareText(left.mac, right.mac)
  );
}

/** False for an EFA-only ENI, which has no IP configuration. */
export function hasAddresses(eni: Eni): boolean {
  return eni.ipv4.addresses.length + eni.ipv6.addresses.length > 0;
}

/** An ENI and its link on this machine. */
export interface Nic {
  readonly eni: Eni;
  /** null: IMDS lists the ENI, and the kernel does not show it (yet). */
  readonly link: Link | null;
}
