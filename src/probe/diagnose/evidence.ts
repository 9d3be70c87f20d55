import type { LinkState } from "../../model/link.ts";
import type { MachineFacts, NicFacts, PathFacts, PathProbe, Verdict } from "../../model/probe.ts";

/** The probe of a path, and everything that is known about the path. */
export interface PathEvidence {
  /** The NIC that was probed, or that a fix may name; null: there is none. */
  readonly nic: string | null;
  /** null: by the kernel's own routing. */
  readonly link: LinkState | null;
  /** IMDS's address and port. */
  readonly address: string;
  readonly port: number;
  /** The NIC's address that requests are sent from; null: none. */
  readonly source: string | null;
  readonly probe: PathProbe;
  readonly pathFacts: PathFacts;
  readonly nicFacts: NicFacts;
  readonly machine: MachineFacts;
  /** Another NIC reaches IMDS. */
  readonly isReachedElsewhere: boolean;
}

/** Without commands, no fix is known. */
export function toVerdict(word: Verdict["word"], text: string, ...fix: readonly string[]): Verdict {
  return { word, text, fix: fix.length === 0 ? null : fix };
}

/** The result of the connect: an errno, `ok`; null: it was not tried. */
export function connectOutcome({ probe }: Pick<PathEvidence, "probe">): string | null {
  return probe.connect?.outcome ?? null;
}

export function isIpv6({ address }: Pick<PathEvidence, "address">): boolean {
  return address.includes(":");
}

/** The packets that the NIC's driver has counted as dropped, in brackets; empty: none. */
export function droppedNote({ nicFacts, nic }: PathEvidence): string {
  const { exceeded } = nicFacts;
  if (exceeded === null || exceeded === 0) return "";
  const packets = exceeded === 1 ? "1 packet" : `${exceeded} packets`;
  return ` (${nic} has dropped ${packets} over its limit for link-local services, linklocal_allowance_exceeded)`;
}
