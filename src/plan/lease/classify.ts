import { cidrContains, hostCidr, prefixLength, subnetRouter } from "../../model/ip.ts";
import type { DhcpLease } from "../../model/dhcp.ts";
import type { KernelState } from "../../model/kernel-state.ts";
import type { Link } from "../../model/link.ts";
import { freeProvisionalIndex, hasBestDefaultRoute, findExistingIndex } from "./provisional.ts";
import type { ManagedNic } from "../files/managed-nics.ts";

/** By which numbers a NIC's packets are routed, or why by none of ours. */
export type LeaseRouting =
  | { readonly kind: "routed"; readonly index: number; readonly vpcNetworks: readonly string[] }
  /** Nothing of ours is to be there. */
  | { readonly kind: "none"; readonly reason: string }
  /** What is there stays; a later run, which asks IMDS, knows better. */
  | { readonly kind: "unknown"; readonly reason: string };

export interface LeaseFacts {
  readonly link: Link;
  readonly lease: DhcpLease;
  /** What our files tell of this NIC; null: there is none. */
  readonly managedNic: ManagedNic | null;
  /** Another NIC that is here is the primary, as our files say. */
  readonly hasOtherPrimary: boolean;
  /** Another NIC is here. */
  readonly hasOtherNics: boolean;
  readonly kernel: KernelState;
}

/**
 * Whose number a NIC gets without IMDS. What a file of ours says is what IMDS said. Where there is
 * none, the number is a provisional one, for a NIC whose packets main would send another way; one
 * that has main's default needs none, and the primary is one of those, whichever it is. A NIC that
 * our file gives no rules keeps a provisional table while main's default leads out through another,
 * as `dropSettled` has it.
 */
export function classifyLease(facts: LeaseFacts): LeaseRouting {
  const { lease, managedNic, link, kernel } = facts;
  const implausible = implausibleReason(lease);
  if (implausible !== null) return unknownRouting(implausible);
  if (managedNic === null) return classifyUnknownNic(facts);
  if (managedNic.sources.length === 0) {
    const existingIndex = findExistingIndex(link.name, lease.address, kernel);
    const isNeeded = existingIndex !== null && !hasBestDefaultRoute(link.name, kernel);
    if (isNeeded) return { kind: "routed", index: existingIndex, vpcNetworks: [] };
    return noRouting(
      managedNic.isPrimary ? "the primary has no rules" : "our file for it has no rules",
    );
  }
  if (managedNic.sources.includes(hostCidr(lease.address))) {
    return { kind: "routed", index: managedNic.index, vpcNetworks: managedNic.vpcNetworks };
  }
  return unknownRouting(`${lease.address} is not in our file for ${link.name}`);
}

function classifyUnknownNic(facts: LeaseFacts): LeaseRouting {
  const { link, lease, hasOtherPrimary, hasOtherNics, kernel } = facts;
  if (!hasOtherNics) return noRouting("it is the only NIC");
  const existingIndex = findExistingIndex(link.name, lease.address, kernel);
  if (existingIndex !== null) return { kind: "routed", index: existingIndex, vpcNetworks: [] };
  if (!hasOtherPrimary && hasBestDefaultRoute(link.name, kernel)) {
    return noRouting("the main table's default route uses it, so its replies do too");
  }
  const index = freeProvisionalIndex(kernel);
  return index === null
    ? unknownRouting("all provisional tables are in use")
    : { kind: "routed", index, vpcNetworks: [] };
}

/**
 * Why no VPC's DHCP server says this; null: one may. A subnet has 16 to 28 bits, and its router is
 * base + 1. https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
 */
function implausibleReason({ address, subnet, routers }: DhcpLease): string | null {
  const length = prefixLength(subnet);
  if (length < 16 || length > 28) return `${subnet} is not a VPC subnet`;
  const router = subnetRouter(subnet);
  if (!routers.includes(router)) {
    const namedRouters = routers.length === 0 ? "none" : routers.join(" and ");
    return `a VPC's router would be ${router}, and the lease names ${namedRouters}`;
  }
  const isNotAssignable =
    address === router || nonEniNetworks.some((cidr) => cidrContains(cidr, address));
  return isNotAssignable ? `${address} cannot be an ENI's address` : null;
}

/** This host, loopback, link-local, multicast and what is reserved: never an ENI's. */
const nonEniNetworks = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"];

function noRouting(reason: string): LeaseRouting {
  return { kind: "none", reason };
}

function unknownRouting(reason: string): LeaseRouting {
  return { kind: "unknown", reason };
}
