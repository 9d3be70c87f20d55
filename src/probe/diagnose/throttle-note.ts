import type { ExaminedWay } from "./evidence.ts";

/** What the NIC's driver has counted, for the end of a sentence; empty where that is nothing. */
export function throttleNote({ nicFacts, nic }: Pick<ExaminedWay, "nicFacts" | "nic">): string {
  const { exceeded } = nicFacts;
  if (exceeded === null || exceeded === 0) return "";
  const packets = exceeded === 1 ? "1 packet" : `${exceeded} packets`;
  return ` (${nic} has lost ${packets} to its limit for link-local services, linklocal_allowance_exceeded)`;
}
