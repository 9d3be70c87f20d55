import {
  cidrContains,
  hostCidr,
  isLinkLocalIpv4,
  prefixLength,
  subnetRouter,
} from "../../model/ip.ts";
import type { DhcpLease } from "../../model/dhcp.ts";
import type { KernelState } from "../../model/kernel-state.ts";
import type { Link } from "../../model/link.ts";
import { freeProvisionalIndex, hasBestDefaultRoute, findUsedIndex } from "./provisional.ts";
import type { ManagedNic } from "../files/managed-nics.ts";

/** The index whose table and rules a NIC gets from its lease, or why it gets none. */
export type LeaseRouting =
  | { readonly kind: "routed"; readonly index: number; readonly vpcNetworks: readonly string[] }
  /** The NIC needs no rules of ours, so existing ones are removed. */
  | { readonly kind: "none"; readonly reason: string }
  /** Nothing is changed: a later run asks IMDS and decides. */
  | { readonly kind: "unknown"; readonly reason: string };

export interface LeaseFacts {
  readonly link: Link;
  readonly lease: DhcpLease;
  /** What our files say about this NIC; null if it has no file. */
  readonly managedNic: ManagedNic | null;
  /** By our files, another present NIC is the primary. */
  readonly hasOtherPrimary: boolean;
  /** Another NIC is present. */
  readonly hasOtherNics: boolean;
  readonly kernel: KernelState;
}

/**
 * Chooses the index of a NIC without IMDS. If the NIC has a file of ours, the file contains what
 * IMDS said. Otherwise the NIC gets a provisional index if table main would send its packets
 * through another NIC. A NIC that has main's default route needs no index, and the primary is such
 * a NIC. A lease of an IPv6-only subnet (169.254.x.y/32) needs none either, because it only leads to
 * the VPC's services (https://github.com/amazonlinux/amazon-ec2-utils/issues/27). The primary keeps
 * a provisional table as long as `dropSettled` says.
 */
export function classifyLease(facts: LeaseFacts): LeaseRouting {
  const { lease, managedNic, link, kernel } = facts;
  if (isLinkLocalIpv4(lease.address) && prefixLength(lease.subnet) === 32) {
    return { kind: "none", reason: `${lease.address} only reaches the VPC's services` };
  }
  const implausible = implausibleReason(lease);
  if (implausible !== null) return { kind: "unknown", reason: implausible };
  if (managedNic === null) return classifyUnknownNic(facts);
  if (managedNic.isPrimary) {
    const usedIndex = findUsedIndex(link.name, lease.address, kernel);
    const isNeeded = usedIndex !== null && !hasBestDefaultRoute(link.name, kernel);
    if (isNeeded) return { kind: "routed", index: usedIndex, vpcNetworks: [] };
    return { kind: "none", reason: "the primary uses main's default route" };
  }
  if (managedNic.sources.includes(hostCidr(lease.address))) {
    return { kind: "routed", index: managedNic.index, vpcNetworks: managedNic.vpcNetworks };
  }
  return { kind: "unknown", reason: `${lease.address} is not in ec2nic's file for ${link.name}` };
}

function classifyUnknownNic(facts: LeaseFacts): LeaseRouting {
  const { link, lease, hasOtherPrimary, hasOtherNics, kernel } = facts;
  if (!hasOtherNics) return { kind: "none", reason: "it is the only NIC" };
  const usedIndex = findUsedIndex(link.name, lease.address, kernel);
  if (usedIndex !== null) return { kind: "routed", index: usedIndex, vpcNetworks: [] };
  if (!hasOtherPrimary && hasBestDefaultRoute(link.name, kernel)) {
    const reason = "the main table's default route uses it, so its replies do too";
    return { kind: "none", reason };
  }
  const index = freeProvisionalIndex(kernel);
  if (index === null) return { kind: "unknown", reason: "all provisional tables are in use" };
  return { kind: "routed", index, vpcNetworks: [] };
}

/**
 * Why a lease cannot be from a VPC's DHCP server; null if it can. A prefix length is 16 to 28, and
 * a router is base + 1. https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
 */
function implausibleReason({ address, subnet, routers }: DhcpLease): string | null {
  const length = prefixLength(subnet);
  if (length < 16 || length > 28) return `${subnet} is not a VPC subnet`;
  const router = subnetRouter(subnet);
  if (!routers.includes(router)) {
    const namedRouters = routers.length === 0 ? "none" : routers.join(" and ");
    return `a VPC's router would be ${router}, but the lease names ${namedRouters}`;
  }
  const isNotAssignable =
    address === router || nonEniNetworks.some((cidr) => cidrContains(cidr, address));
  return isNotAssignable ? `${address} cannot be an ENI's address` : null;
}

/** No ENI has an address of these: this host, loopback, link-local, multicast, reserved. */
const nonEniNetworks = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"];
