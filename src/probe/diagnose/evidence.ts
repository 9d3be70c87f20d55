import { cidrContains, networkCidr } from "../../model/ip.ts";
import type { LinkState } from "../../model/link.ts";
import type { MachineFacts, NicFacts, PathFacts, PathProbe, Verdict } from "../../model/probe.ts";

/** The probe of a path, and all facts about this path. */
export interface PathEvidence {
  /** The NIC that was probed; for kernel routing, the NIC of its route, or the only NIC. */
  readonly nic: string | null;
  /** null for kernel routing. */
  readonly link: LinkState | null;
  /** The link of `nic`; null if it is not known. */
  readonly sender: LinkState | null;
  /** The address and the port of IMDS. */
  readonly address: string;
  readonly port: number;
  /** The address that the NIC sends from; null if it has none. */
  readonly source: string | null;
  readonly probe: PathProbe;
  readonly pathFacts: PathFacts;
  readonly nicFacts: NicFacts;
  readonly machine: MachineFacts;
  /** Another path reaches IMDS: another NIC, kernel routing, or the other IP family. */
  readonly isReachedElsewhere: boolean;
  /** The best NIC through which IMDS answers at this address; null if there is none. */
  readonly reachedNic: NextHop | null;
  /** Whether programs that do not bind to a NIC reach IMDS; `unknown` if this was not probed. */
  readonly routing: "reached" | "failed" | "unknown";
  /**
   * The commands after which each NIC reaches IMDS at this address, without those for routes; empty
   * for a NIC that reaches it. A NIC without a known fix is missing.
   */
  readonly repairs: ReadonlyMap<string, readonly string[]>;
}

/** The NIC and the gateway of a route to IMDS. */
export interface NextHop {
  readonly nic: string;
  /** null if IMDS is on the link. */
  readonly gateway: string | null;
  /** The gateway lies in no network of the NIC. */
  readonly isOnLink: boolean;
}

/** The next hop over which a NIC has reached IMDS, so that a route over it certainly works. */
export function nextHopOf({ name: nic, addresses }: LinkState, { route }: PathFacts): NextHop {
  const gateway = route?.kind === "route" ? route.gateway : null;
  if (gateway === null || gateway.includes(":")) return { nic, gateway, isOnLink: false };
  const isInOwnNetwork = addresses.some(({ family, address, prefixLength }) => {
    return family === "ipv4" && cidrContains(networkCidr(address, prefixLength), gateway);
  });
  return { nic, gateway, isOnLink: !isInOwnNetwork };
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
