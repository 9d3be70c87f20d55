import { contains, hostCidr, prefixLength, subnetRouter } from "../../model/ip.ts";
import type { DhcpLease } from "../../model/dhcp.ts";
import type { KernelState } from "../../model/kernel-state.ts";
import type { Link } from "../../model/link.ts";
import { freeProvisionalIndex, hasDefault, standingIndexOf } from "./provisional.ts";
import type { OwnNic } from "../files/managed-nics.ts";

/** By which numbers a NIC's packets are routed, or why by none of ours. */
export type Judgement =
  | { readonly kind: "routed"; readonly index: number; readonly inside: readonly string[] }
  /** Nothing of ours is to be there. */
  | { readonly kind: "none"; readonly reason: string }
  /** What is there stays; a later run, which asks IMDS, knows better. */
  | { readonly kind: "unknown"; readonly reason: string };

export interface LeaseFacts {
  readonly link: Link;
  readonly lease: DhcpLease;
  /** What our files tell of this NIC; null: there is none. */
  readonly own: OwnNic | null;
  /** Another NIC that is here is the primary, as our files say. */
  readonly hasOtherPrimary: boolean;
  /** Another NIC is here. */
  readonly hasOthers: boolean;
  readonly kernel: KernelState;
}

/**
 * Whose number a NIC gets without IMDS. What a file of ours says is what IMDS said. Where there is
 * none, the number is a provisional one, for a NIC whose packets main would send another way; one
 * that has main's default needs none, and the primary is one of those, whichever it is. A NIC that
 * our file gives no rules keeps a provisional table while main's default leads out through another,
 * as `dropSettled` has it.
 */
export function judgeLease(facts: LeaseFacts): Judgement {
  const { lease, own, link, kernel } = facts;
  const strange = whyStrange(lease);
  if (strange !== null) return unknown(strange);
  if (own === null) return judgeUnknown(facts);
  if (own.sources.length === 0) {
    const standing = standingIndexOf(link.name, lease.address, kernel);
    const isNeeded = standing !== null && !hasDefault(link.name, kernel);
    if (isNeeded) return { kind: "routed", index: standing, inside: [] };
    return none(own.isPrimary ? "the primary has no rules" : "our file for it has no rules");
  }
  if (own.sources.includes(hostCidr(lease.address))) {
    return { kind: "routed", index: own.index, inside: own.inside };
  }
  return unknown(`${lease.address} is not in our file for ${link.name}`);
}

function judgeUnknown(facts: LeaseFacts): Judgement {
  const { link, lease, hasOtherPrimary, hasOthers, kernel } = facts;
  if (!hasOthers) return none("it is the only NIC");
  const standing = standingIndexOf(link.name, lease.address, kernel);
  if (standing !== null) return { kind: "routed", index: standing, inside: [] };
  if (!hasOtherPrimary && hasDefault(link.name, kernel)) {
    return none("main's default leads out through it, so its answers do");
  }
  const index = freeProvisionalIndex(kernel);
  return index === null
    ? unknown("all provisional tables are taken")
    : { kind: "routed", index, inside: [] };
}

/**
 * Why no VPC's DHCP server says this; null: one may. A subnet has 16 to 28 bits, and its router is
 * base + 1. https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
 */
function whyStrange({ address, subnet, routers }: DhcpLease): string | null {
  const length = prefixLength(subnet);
  if (length < 16 || length > 28) return `${subnet} is no subnet of a VPC`;
  const router = subnetRouter(subnet);
  if (!routers.includes(router)) {
    const said = routers.length === 0 ? "none" : routers.join(" and ");
    return `a VPC's router would be ${router}, and the lease names ${said}`;
  }
  const isNoHost = address === router || neverEnis.some((cidr) => contains(cidr, address));
  return isNoHost ? `${address} is no address of an ENI` : null;
}

/** This host, loopback, link-local, multicast and what is reserved: never an ENI's. */
const neverEnis = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"];

function none(reason: string): Judgement {
  return { kind: "none", reason };
}

function unknown(reason: string): Judgement {
  return { kind: "unknown", reason };
}
