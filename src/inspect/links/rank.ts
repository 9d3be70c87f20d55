import type { LinkKind, LinkState, PassedOver, RankedLink, Ranking } from "../../model/link.ts";
import { naturalOrder } from "../../model/text.ts";

/** Drivers of EC2's NICs: Nitro's, its EFA's, and those of Xen instances. */
const ec2Drivers: readonly string[] = ["ena", "efa", "vif", "ixgbevf"];

/**
 * Which links IMDS may be asked through, best first: carrier, an address of its own, a driver that
 * EC2's NICs have, then the natural order of names. Links built over others lead where those lead,
 * and a veth leads to a container, unless there is nothing else (we are in one).
 */
export function rankCandidates(links: readonly LinkState[]): Ranking {
  const hasDevice = links.some(({ kind }) => kind === "device");
  const reasons = links.map((link) => ({ link, reason: reasonAgainst(link, hasDevice) }));
  const others = reasons.filter((each): each is PassedOver => each.reason !== null);
  const ranked = reasons
    .filter(({ reason }) => reason === null)
    .map(({ link }) => ({ link, virtues: virtuesOf(link) }))
    .toSorted(
      (left, right) =>
        compare(left.virtues, right.virtues) || naturalOrder(left.link.name, right.link.name),
    )
    .map(({ link, virtues }, at): RankedLink => ({ link, rank: at + 1, reason: inWords(virtues) }));
  return { candidates: ranked, others };
}

/** A bridge or a bond speaks for its links, which have no address; a VRF leaves them theirs. */
function reasonAgainst({ kind, master, addresses }: LinkState, hasDevice: boolean): string | null {
  if (master !== null && !addresses.some(isUsable)) return `belongs to ${master}`;
  if (kind === "veth") return hasDevice ? "leads to a container" : null;
  return whyNoNic(kind);
}

type Virtue = readonly [has: boolean, yes: string, no: string];

function virtuesOf({ hasCarrier, addresses, driver }: LinkState): readonly Virtue[] {
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

function compare(left: readonly Virtue[], right: readonly Virtue[]): number {
  const differences = left.map(([has], at) => Number(right[at]?.[0] ?? false) - Number(has));
  return differences.find((each) => each !== 0) ?? 0;
}

function inWords(virtues: readonly Virtue[]): string {
  return virtues.map(([has, yes, no]) => (has ? yes : no)).join(", ");
}

const words: Readonly<Partial<Record<LinkKind, string>>> = {
  loopback: "the loopback",
  bridge: "a bridge",
  bond: "a bond",
  vlan: "a VLAN",
  macvlan: "built over another NIC",
  tunnel: "a tunnel",
  other: "nothing is behind it",
};

/** What a link of this kind is in place of a NIC; null: it may be one. */
export function whyNoNic(kind: LinkKind): string | null {
  return words[kind] ?? null;
}
