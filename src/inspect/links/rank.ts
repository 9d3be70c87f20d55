import type { LinkKind, LinkState, RejectedLink, RankedLink, Ranking } from "../../model/link.ts";
import { compareNaturally } from "../../model/text.ts";

/** Drivers of EC2's NICs: Nitro's, its EFA's, and those of Xen instances. */
const ec2Drivers: readonly string[] = ["ena", "efa", "vif", "ixgbevf"];

/**
 * Which links IMDS may be asked through, best first: carrier, an address of its own, a driver that
 * EC2's NICs have, then the natural order of names. Links built over others lead where those lead,
 * and a veth leads to a container, unless there is nothing else (we are in one).
 */
export function rankCandidates(links: readonly LinkState[]): Ranking {
  const hasDevice = links.some(({ kind }) => kind === "device");
  const reasons = links.map((link) => ({ link, reason: findExclusionReason(link, hasDevice) }));
  const others = reasons.filter((each): each is RejectedLink => each.reason !== null);
  const ranked = reasons
    .filter(({ reason }) => reason === null)
    .map(({ link }) => ({ link, criteria: rateLink(link) }))
    .toSorted(
      (left, right) =>
        compareCriteria(left.criteria, right.criteria) ||
        compareNaturally(left.link.name, right.link.name),
    )
    .map(({ link, criteria }, at): RankedLink => ({
      link,
      rank: at + 1,
      reason: describeCriteria(criteria),
    }));
  return { candidates: ranked, others };
}

/** A bridge or a bond speaks for its links, which have no address; a VRF leaves them theirs. */
function findExclusionReason(
  { kind, master, addresses }: LinkState,
  hasDevice: boolean,
): string | null {
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

/** A link-local IPv4 address is what a DHCP client takes when nobody answered. */
function isUsable({ family, address }: LinkState["addresses"][number]): boolean {
  return family === "ipv6" ? !address.startsWith("fe80:") : !address.startsWith("169.254.");
}

function compareCriteria(left: readonly Criterion[], right: readonly Criterion[]): number {
  const differences = left.map(([isMet], at) => Number(right[at]?.[0] ?? false) - Number(isMet));
  return differences.find((each) => each !== 0) ?? 0;
}

function describeCriteria(criteria: readonly Criterion[]): string {
  return criteria.map(([isMet, metText, unmetText]) => (isMet ? metText : unmetText)).join(", ");
}

const nonNicKinds: Readonly<Partial<Record<LinkKind, string>>> = {
  loopback: "the loopback",
  bridge: "a bridge",
  bond: "a bond",
  vlan: "a VLAN",
  macvlan: "built over another NIC",
  tunnel: "a tunnel",
  other: "nothing is behind it",
};

/** What a link of this kind is in place of a NIC; null: it may be one. */
export function describeNonNic(kind: LinkKind): string | null {
  return nonNicKinds[kind] ?? null;
}
