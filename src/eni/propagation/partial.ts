import { familyOf } from "../../model/ip.ts";
import { type Eni, hasAddresses } from "../../model/eni.ts";
import type { EniMemory } from "./memory.ts";
import { type EniSight, judgeEni } from "./judge.ts";

/** Who it is and where: its table follows from them. */
const identity = ["interface-id", "device-number", "network-card"];

/**
 * What can be configured of an ENI of which something listed never came, when there is no more time:
 * without that, and without a family that is not whole. null: nothing can; never an ENI whose place
 * is uncertain, nor one that would cost an address which a DHCP client brought.
 */
export function knownSoFar(sight: EniSight): Eni | null {
  const { memory, kernel, times } = sight;
  if (!identity.every((name) => isSure(memory.leaves[name]))) return null;
  const read = without(memory, (_name, { value }) => value === null);
  const parts = [
    read,
    without(read, (name) => name.includes("ipv6")),
    without(read, (name) => name.includes("ipv4")),
  ];
  const enis = parts.flatMap((part) => {
    const now = { ...times, settleMs: 0 };
    const verdict = judgeEni({ ...sight, memory: part, whole: null, times: now });
    return "eni" in verdict && hasAddresses(verdict.eni) ? [verdict.eni] : [];
  });
  const keepsLeases = (eni: Eni): boolean =>
    (kernel?.dhcp ?? []).every((address) => {
      return (familyOf(address) === 4 ? eni.ipv4 : eni.ipv6).addresses.length > 0;
    });
  return enis.find(keepsLeases) ?? null;
}

type Leaf = EniMemory["leaves"][string];

function isSure(leaf: Leaf | undefined): boolean {
  return leaf === undefined || (leaf.value !== null && leaf.doubtMs === null);
}

function without(memory: EniMemory, isLeftOut: (name: string, leaf: Leaf) => boolean): EniMemory {
  const leaves = Object.entries(memory.leaves).filter(([name, leaf]) => !isLeftOut(name, leaf));
  return { ...memory, leaves: Object.fromEntries(leaves) };
}
