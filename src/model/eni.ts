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
  /** Its MAC is that in `meta-data/mac`, which does not change after the launch. */
  readonly isPrimary: boolean;
  /** Mostly 0 for the primary; see `numberedSlot`. */
  readonly deviceNumber: number;
  /** 0 if IMDS lists none, because the instance type has a single network card. */
  readonly networkCard: number;
  readonly ipv4: EniFamily;
  readonly ipv6: EniFamily;
}

/**
 * The largest numbers that ec2nic accepts, because every NIC has rule priorities of its own
 * (`plan/config/table-numbers.ts`). No instance type has more than 32 cards (p5.48xlarge) or 32
 * devices on a card. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AvailableIpPerENI.html
 */
export const maxDeviceNumber = 31;
export const maxNetworkCard = 31;

/** The addresses and networks of an ENI in one family; all canonical, and sorted unless noted. */
export interface EniFamily {
  /** The primary address, which DHCP gives, and then the secondary addresses, sorted. */
  readonly addresses: readonly string[];
  /** The subnets of the ENI: one for IPv4, any number for IPv6. */
  readonly subnets: readonly string[];
  readonly vpcCidrs: readonly string[];
  /** Prefixes delegated to the ENI (/28 and /80). */
  readonly prefixes: readonly string[];
}

/** An ENI that IMDS lists, but whose metadata is not complete, with the reason. */
export interface IncompleteEni {
  readonly mac: string;
  readonly isPrimary: boolean;
  readonly reason: string;
  /** Its metadata has not changed for so long that waiting does not help. */
  readonly isFinal?: true;
}

/** A position on the instance: a network card, and a device number on it. */
export type Slot = Pick<Eni, "networkCard" | "deviceNumber">;

/** No instance type has 32 ENIs on card 0, so no ENI has this slot. */
const unusedSlot: Slot = { networkCard: 0, deviceNumber: 31 };

/**
 * The slot from which the numbers of an ENI follow (table, metric, rules), different for each ENI.
 * The primary has 0/0, whatever its device-number: SageMaker HyperPod attaches it as device 1, and
 * another VPC's ENI as device 0 (https://github.com/aws/amazon-vpc-cni-k8s/issues/3753). That other
 * ENI gets a slot that no ENI has, so that the primary keeps the lowest metric.
 */
export function numberedSlot(eni: Slot & Pick<Eni, "isPrimary">): Slot {
  const { isPrimary, networkCard, deviceNumber } = eni;
  if (isPrimary) return { networkCard: 0, deviceNumber: 0 };
  return networkCard + deviceNumber === 0 ? unusedSlot : { networkCard, deviceNumber };
}

/** The order of ENIs and of all that is derived from them: primary, card, device number, MAC. */
export function compareEnis(left: Eni, right: Eni): number {
  return (
    Number(right.isPrimary) - Number(left.isPrimary) ||
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
  /** null if the kernel does not show the NIC of this ENI (yet). */
  readonly link: Link | null;
}
