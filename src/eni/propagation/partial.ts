import { familyOf } from "../../model/ip.ts";
import { type Eni, hasAddresses } from "../../model/eni.ts";
import type { EniObservations } from "./observations.ts";
import { classifyEni } from "./classify.ts";
import type { EniFacts } from "./eni-facts.ts";

/** The id and slot of an ENI; its table follows from the slot. */
const identityLeaves = ["interface-id", "device-number", "network-card"];

/**
 * The part of an incomplete ENI that can be configured at the deadline. Listed leaves without a
 * value are left out, and so is an incomplete family. null if there is no such part, if the slot is
 * uncertain, or if the part lacks a family of which a DHCP client set an address.
 */
export function parsePartialEni(facts: EniFacts): Eni | null {
  const { observed, kernel, times } = facts;
  if (!identityLeaves.every((name) => isConfirmed(observed.leaves[name]))) return null;
  const present = withoutLeaves(observed, (_name, { value }) => value === null);
  const subsets = [
    present,
    withoutLeaves(present, (name) => name.includes("ipv6")),
    withoutLeaves(present, (name) => name.includes("ipv4")),
  ];
  const immediate = { ...facts, lastUsable: null, times: { ...times, settleMs: 0 } };
  const enis = subsets.flatMap((subset) => {
    const found = classifyEni({ ...immediate, observed: subset });
    return "eni" in found && hasAddresses(found.eni) ? [found.eni] : [];
  });
  const leased = (kernel?.dhcp ?? []).map(familyOf);
  const coversLeases = ({ ipv4, ipv6 }: Eni): boolean =>
    leased.every((family) => (family === 4 ? ipv4 : ipv6).addresses.length > 0);
  return enis.find(coversLeases) ?? null;
}

type Leaf = EniObservations["leaves"][string];

function isConfirmed(leaf: Leaf | undefined): boolean {
  return leaf === undefined || (leaf.value !== null && leaf.retractedSinceMs === null);
}

function withoutLeaves(
  observed: EniObservations,
  isOmitted: (name: string, leaf: Leaf) => boolean,
): EniObservations {
  const leaves = Object.entries(observed.leaves).filter(([name, leaf]) => !isOmitted(name, leaf));
  return { ...observed, leaves: Object.fromEntries(leaves) };
}
