import { isLinkLocalIpv4, isLinkLocalIpv6 } from "../../model/ip.ts";
import type { LinkAddress, LinkKind, LinkState, Ranking, RejectedLink } from "../../model/link.ts";
import { compareNaturally } from "../../model/text.ts";

/** Drivers of EC2's NICs: those of Nitro, of its EFA, and of Xen instances. */
const ec2Drivers: readonly string[] = ["ena", "efa", "vif", "ixgbevf"];

/**
 * Ranks the links that may lead to IMDS, best first: carrier, an address of its own, a driver of
 * EC2's NICs, natural order of names. Links built over others are excluded, because they lead where
 * those lead. A veth counts only if no link has a device: then ec2nic runs in a container.
 */
export function rankCandidates(links: readonly LinkState[]): Ranking {
  const hasDevice = links.some(({ kind }) => kind === "device");
  const rated = links.map((link) => ({ link, reason: findExclusion(link, hasDevice) }));
  const candidates = rated
    .filter(({ reason }) => reason === null)
    .map(({ link }) => ({ link, criteria: rateLink(link) }))
    .toSorted(
      (left, right) =>
        compareCriteria(left.criteria, right.criteria) ||
        compareNaturally(left.link.name, right.link.name),
    )
    .map(({ link, criteria }, at) => ({ link, rank: at + 1, reason: describe(criteria) }));
  const others = rated.filter((each): each is RejectedLink => each.reason !== null);
  return { candidates, others };
}

/** null if the link is usable. Links of a bridge or bond have no address; links of a VRF do. */
function findExclusion({ kind, master, addresses }: LinkState, hasDevice: boolean): string | null {
  if (master !== null && !addresses.some(isUsable)) return `belongs to ${master}`;
  if (kind === "veth") return hasDevice ? "leads to a container" : null;
  return describeNonNic(kind);
}

type Criterion = readonly [has: boolean, yes: string, no: string];

function rateLink({ hasCarrier, addresses, driver }: LinkState): readonly Criterion[] {
  const isEc2 = driver !== null && ec2Drivers.includes(driver);
  return [
    [hasCarrier, "carrier", "no carrier"],
    [addresses.some(isUsable), "an address of its own", "no address"],
    [isEc2, `driver ${driver}`, driver === null ? "no driver" : `driver ${driver}`],
  ];
}

/**
 * Link-local is not usable: a DHCP client takes such an IPv4 address, as a /16 (RFC 3927), if no server
 * has answered. But a /32 is a lease of an IPv6-only subnet, and leads to IMDS
 * (https://github.com/amazonlinux/amazon-ec2-utils/issues/27).
 */
function isUsable({ family, address, prefixLength }: LinkAddress): boolean {
  if (family === "ipv6") return !isLinkLocalIpv6(address);
  return !isLinkLocalIpv4(address) || prefixLength === 32;
}

function compareCriteria(left: readonly Criterion[], right: readonly Criterion[]): number {
  const differences = left.map(([isMet], at) => Number(right[at]?.[0] ?? false) - Number(isMet));
  return differences.find((each) => each !== 0) ?? 0;
}

function describe(criteria: readonly Criterion[]): string {
  return criteria.map(([isMet, metText, unmetText]) => (isMet ? metText : unmetText)).join(", ");
}

const nonNicKinds: Readonly<Partial<Record<LinkKind, string>>> = {
  loopback: "the loopback",
  bridge: "a bridge",
  bond: "a bond",
  vlan: "a VLAN",
  macvlan: "built over another NIC",
  tunnel: "a tunnel",
  other: "a virtual link",
};

/** What a link of this kind is if it is not a NIC; null if it may be one. */
export function describeNonNic(kind: LinkKind): string | null {
  return nonNicKinds[kind] ?? null;
}
