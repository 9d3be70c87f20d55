import type { LinkState } from "../../model/link.ts";
import type { MachineFacts, NicFacts, PathFacts, PathProbe, Verdict } from "../../model/probe.ts";

/** The probe of a path, and all facts about this path. */
export interface PathEvidence {
  /** The NIC that was probed; for kernel routing, a NIC that a fix can name; null without NICs. */
  readonly nic: string | null;
  /** null for kernel routing. */
  readonly link: LinkState | null;
  /** The address and the port of IMDS. */
  readonly address: string;
  readonly port: number;
  /** The address that the NIC sends from; null if it has none. */
  readonly source: string | null;
  readonly probe: PathProbe;
  readonly pathFacts: PathFacts;
  readonly nicFacts: NicFacts;
  readonly machine: MachineFacts;
  /** Another NIC reaches IMDS. */
  readonly isReachedElsewhere: boolean;
}

/** A verdict with the commands of its fix, if a fix is known. */
export function toVerdict(word: Verdict["word"], text: string, ...fix: readonly string[]): Verdict {
  return { word, text, fix: fix.length === 0 ? null : fix };
}

/** The result of the connect: an errno or `ok`; null if no connect was tried. */
export function connectOutcome({ probe }: Pick<PathEvidence, "probe">): string | null {
  return probe.connect?.outcome ?? null;
}

/** Whether the path uses IPv6. */
export function isIpv6({ address }: Pick<PathEvidence, "address">): boolean {
  return address.includes(":");
}

/** The number of packets that the NIC's driver has dropped, in brackets; empty if none. */
export function droppedNote({ nicFacts, nic }: PathEvidence): string {
  const { exceeded } = nicFacts;
  if (exceeded === null || exceeded === 0) return "";
  const packets = exceeded === 1 ? "1 packet" : `${exceeded} packets`;
  return ` (${nic} has dropped ${packets} over its limit for link-local services, linklocal_allowance_exceeded)`;
}
