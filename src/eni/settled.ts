import type { Slot } from "../model/eni.ts";
import { cidrAddress, type Family } from "../model/ip.ts";
import {
  checkPrimaryAddress,
  checkSlotKnown,
  describeOutside,
  describeSlot,
  familyLeaves,
  isInside,
  isSameSlot,
  sharingSlot,
} from "./completeness.ts";
import type { ListedEni } from "./schema.ts";

/** The part of an ENI that can be configured although its metadata will not become complete. */
export type SettledEni =
  | {
      readonly eni: ListedEni;
      /** What contradicts what, and what is not configured because of this. */
      readonly problems: readonly string[];
    }
  /** Nothing can be configured, because the ENI's table or its addresses cannot be known. */
  | { readonly reason: string };

/** The slot from which the table of a configured NIC follows. */
export type ConfiguredSlot = Slot & { readonly mac: string };

/**
 * What can be configured of an ENI whose metadata has not changed for some time, so that waiting
 * does not help. An empty leaf then is a value: no address, no prefix, no network. `occupied`: the
 * slots of configured NICs, which keep them if another ENI has the same slot. Sources for leaves
 * that stay empty: cloud-init's fixtures; https://github.com/awslabs/amazon-eks-ami/issues/2031
 */
export function settleEni(
  eni: ListedEni,
  all: readonly ListedEni[],
  occupied: readonly ConfiguredSlot[] = [],
): SettledEni {
  const unknown = checkSlotKnown(eni, all) ?? checkPrimaryAddress(eni);
  if (unknown !== null) return { reason: unknown.reason };
  const taken = settleSlot(eni, sharingSlot(eni, all), occupied);
  if (taken !== null) return { reason: taken };
  const families = [settleFamily(eni, 4), settleFamily(eni, 6)];
  const folder = families.reduce((known, each) => ({ ...known, ...each.leaves }), eni.folder);
  const problems = families.flatMap((each) => each.problems);
  return { eni: { ...eni, folder, emptyLeaves: [] }, problems };
}

/**
 * Why the ENI cannot have its slot; null if it can. If two ENIs have one slot, only one can have
 * its table: the primary, else an ENI that is configured with it, else the one with the lowest MAC.
 */
function settleSlot(
  eni: ListedEni,
  sharing: readonly ListedEni[],
  occupied: readonly ConfiguredSlot[],
): string | null {
  const rank = (each: ListedEni): string => {
    const isConfigured = occupied.some(
      ({ mac, ...slot }) => mac === each.mac && isSameSlot(slot, each),
    );
    return `${each.isPrimary ? 0 : isConfigured ? 1 : 2} ${each.mac}`;
  };
  const [owner = eni] = [eni, ...sharing].toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
  if (owner.mac === eni.mac) return null;
  const name = owner.isPrimary ? `the primary (${owner.mac})` : owner.mac;
  return `${describeSlot(eni)} is the slot of ${name}`;
}

/**
 * The family's leaves without what lies in no subnet. The first address stays, because DHCP gives
 * it, and because the next one would otherwise be taken for the address that DHCP gives.
 */
function settleFamily({ folder }: ListedEni, family: Family) {
  const { addresses: addressLeaf, prefixes: prefixLeaf, subnets: leaf } = familyLeaves[family];
  const {
    [addressLeaf]: addresses = [],
    [prefixLeaf]: prefixes = [],
    [leaf]: subnets = [],
  } = folder;
  if (addresses.length + prefixes.length === 0) return { leaves: {}, problems: [] };
  if (subnets.length === 0) {
    const problem = `${leaf} is missing, so there are no routes to the subnets of the ENI`;
    return { leaves: {}, problems: [problem] };
  }
  const [first] = addresses;
  const kept = addresses.filter((each) => each === first || isInside(each, subnets));
  const keptPrefixes = prefixes.filter((each) => isInside(cidrAddress(each), subnets));
  const dropped = [...addresses, ...prefixes].filter(
    (each) => ![...kept, ...keptPrefixes].includes(each),
  );
  const isFirstOutside = first !== undefined && !isInside(first, subnets);
  return {
    leaves: {
      ...(kept.length < addresses.length ? { [addressLeaf]: kept } : {}),
      ...(keptPrefixes.length < prefixes.length ? { [prefixLeaf]: keptPrefixes } : {}),
    },
    problems: [
      ...(isFirstOutside ? [describeOutside(first, leaf, subnets)] : []),
      ...dropped.map((each) => `${describeOutside(each, leaf, subnets)}: it is left out`),
    ],
  };
}
