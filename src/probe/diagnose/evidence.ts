import type { LinkState } from "../../model/link.ts";
import type { MachineFacts, NicFacts, PathFacts, PathProbe } from "../../model/probe.ts";

/** A way, what came of asking over it, and what is known of the road. */
export interface PathEvidence {
  /** The NIC that is asked through, or that a hint may name; null: none is there. */
  readonly nic: string | null;
  /** null: by the kernel's own routing. */
  readonly link: LinkState | null;
  /** IMDS's address and port. */
  readonly address: string;
  readonly port: number;
  /** The NIC's address that is asked from; null: none. */
  readonly source: string | null;
  readonly probe: PathProbe;
  readonly pathFacts: PathFacts;
  readonly nicFacts: NicFacts;
  readonly machine: MachineFacts;
  /** Another NIC reaches IMDS. */
  readonly isReachedElsewhere: boolean;
}

/** What a connection came to: an errno, `ok`; null: it was not tried. */
export function connectOutcome({ probe }: Pick<PathEvidence, "probe">): string | null {
  return probe.connect?.outcome ?? null;
}

export function isIpv6({ address }: Pick<PathEvidence, "address">): boolean {
  return address.includes(":");
}

/** `ip`, with what it needs to be asked of this family. */
export function ipCommand(evidence: Pick<PathEvidence, "address">): string {
  return isIpv6(evidence) ? "ip -6" : "ip";
}
