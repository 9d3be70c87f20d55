import { compareEnis, type Eni, type Nic } from "../../model/eni.ts";
import type { Link, LinkKind } from "../../model/link.ts";
import { compareNaturally } from "../../model/text.ts";

export interface NicMatch {
  /** One entry for each ENI, in the order of `compareEnis`. */
  readonly nics: readonly Nic[];
  /** NICs whose MAC no ENI has, in natural order. */
  readonly unlisted: readonly Link[];
  readonly reasons: readonly string[];
}

/**
 * Pairs each ENI with the link that has its MAC. A VLAN, bond, bridge or macvlan on a NIC has the
 * same MAC, so only links with a device count. If no link has a device (containers, test benches),
 * only veths count. Two NICs with one MAC are no error: the first by name is used, and the rendered
 * configuration matches by MAC anyway.
 */
export function matchNics(enis: readonly Eni[], links: readonly Link[]): NicMatch {
  const candidates = filterNicLinks(links);
  const nics = enis.toSorted(compareEnis).map((eni) => {
    return { eni, link: candidates.find(({ mac }) => mac === eni.mac) ?? null };
  });
  const macs = new Set(enis.map(({ mac }) => mac));
  return {
    nics,
    unlisted: candidates.filter(({ mac }) => mac !== null && !macs.has(mac)),
    reasons: nics.flatMap((nic) => describeDuplicateMacs(nic, links)),
  };
}

/** The links that are NICs, in the natural order of their names. */
export function filterNicLinks(links: readonly Link[]): readonly Link[] {
  const kind: LinkKind = links.some((link) => link.kind === "device") ? "device" : "veth";
  return links
    .filter((link) => link.kind === kind && link.mac !== null)
    .toSorted((left, right) => compareNaturally(left.name, right.name));
}

/** The other links with the ENI's MAC, and which one was chosen. */
function describeDuplicateMacs({ eni, link }: Nic, links: readonly Link[]): readonly string[] {
  return links
    .filter((other) => other.mac === eni.mac && other.name !== link?.name)
    .toSorted((left, right) => compareNaturally(left.name, right.name))
    .map((other) => {
      const chosen = link === null ? "no NIC with this MAC is here" : `${link.name} is the NIC`;
      return `${eni.mac}: ${other.name} (${other.kind}) has this MAC too; ${chosen}`;
    });
}
