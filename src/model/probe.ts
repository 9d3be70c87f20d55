import type { FirewallChain } from "./firewall.ts";
import type { LinkState } from "./link.ts";

/** What the kernel says about a path to IMDS. null: `ip` is missing or cannot show the fact. */
export interface PathFacts {
  readonly route: RouteFact | null;
  /** The route of a program that does not bind to a NIC. */
  readonly unboundRoute: RouteFact | null;
  /** The entry of a routing table that `unboundRoute` comes from; null if there is none. */
  readonly unboundEntry: RouteEntry | null;
  /** Whether rp_filter accepts a response that arrives here; null if unknown. */
  readonly acceptsReplies: boolean | null;
  /**
   * The next hop's entry in the neighbour table; `unused` if nothing was sent, so there is none.
   */
  readonly neighbour: "reachable" | "failed" | "unused" | null;
  /** The gateway of any IPv6 route of this link, that of a router advertisement first. */
  readonly router: string | null;
  /** The same, if it comes from a router advertisement. */
  readonly advertisedRouter: string | null;
}

export type RouteFact =
  | { readonly kind: "route"; readonly gateway: string | null; readonly nic: string | null }
  | { readonly kind: "none" }
  /** A prohibit, blackhole or unreachable route or rule. */
  | { readonly kind: "forbidden" };

export interface RouteEntry {
  /** Whether the route is for this address alone. */
  readonly isHostRoute: boolean;
  /** The name of its routing table, or its number. */
  readonly table: string;
  /** Table and metric as `ip` takes them: ` table 7 metric 9`; empty for `main` without a metric. */
  readonly words: string;
}

export interface NicFacts {
  /** 0 off, 1 strict, 2 loose: the larger value of `all` and of the NIC; null if unknown. */
  readonly rpFilter: number | null;
  /** Packets dropped by the ENI's limit for link-local services; null if they are not counted. */
  readonly exceeded: number | null;
  /** The addresses that a NIC which is down has kept; null if unknown, or if the NIC is up. */
  readonly keptAddresses: readonly string[] | null;
}

/** A route or a rule that forbids a destination. */
export interface Refusal {
  readonly family: 4 | 6;
  /** `prohibit`, `blackhole`, `unreachable` */
  readonly type: string;
  readonly kind: "route" | "rule";
  /** The canonical CIDR that the route or rule covers. */
  readonly destination: string;
  /** The command that removes the route or rule. */
  readonly remove: string;
}

/** A route of the table `main` that leads to IMDS if no refusal comes first. */
export interface RemainingRoute {
  readonly family: 4 | 6;
  readonly destination: string;
  readonly nic: string | null;
}

export interface MachineFacts {
  readonly refusals: readonly Refusal[];
  /** The routes to IMDS that remain without the refusals, best first. */
  readonly remaining: readonly RemainingRoute[];
  /** null if the chains cannot be read: without root, or without nft and iptables. */
  readonly firewall: readonly FirewallChain[] | null;
  readonly uid: number;
  /** systemd-imdsd runs. It asks IMDS for other programs, and can forbid their direct access. */
  readonly hasImdsd: boolean;
  /** The command that gets an address, without the NIC's name at its end; null if there is none. */
  readonly dhcpClient: readonly string[] | null;
  /** The instance id from the firmware; null if the firmware has none. */
  readonly instanceId: string | null;
}

/** A NIC, the probed paths through it, and its verdict. */
export interface ProbedNic {
  readonly link: LinkState;
  /** 1 is the best; null if the NIC is not probed. */
  readonly rank: number | null;
  /** Why the NIC has this rank, or has none. */
  readonly reason: string;
  readonly paths: readonly ProbedPath[];
  readonly verdict: Verdict;
}

export interface ProbedPath {
  readonly probe: PathProbe;
  readonly pathFacts: PathFacts;
  readonly verdict: Verdict;
}

/** The kernel's own routing, which programs use that do not bind to a NIC. */
export interface ProbedKernel {
  /** The link of the route; null if unknown. */
  readonly link: string | null;
  readonly paths: readonly ProbedPath[];
  readonly verdict: Verdict;
}

/** The state of a path to IMDS, or of a NIC. These words are stable, for programs. */
export const verdictWords = [
  "reached",
  "down",
  "no-carrier",
  "no-address",
  "no-route",
  "prohibited",
  "rp-filter",
  "firewall",
  "no-neighbour",
  "refused",
  "no-answer",
  "silent",
  "hop-limit",
  "switched-off",
  "throttled",
  "service-error",
  "not-imds",
  "not-a-candidate",
  "not-asked",
] as const;

export type VerdictWord = (typeof verdictWords)[number];

export interface Verdict {
  readonly word: VerdictWord;
  /** A sentence about the NIC, without its name and without the full stop. */
  readonly text: string;
  /** Shell commands that fix the problem, in order; null if none is known. */
  readonly fix: readonly string[] | null;
}

/**
 * The result of one probe of one path: an endpoint over a NIC or over the kernel's own routing. The
 * steps follow each other; a step that was not reached is null.
 */
export interface PathProbe {
  readonly endpoint: string;
  readonly connect: ProbeStep | null;
  /** `PUT /latest/api/token` */
  readonly token: ProbeStep | null;
  /** `GET /latest/meta-data/instance-id` with the token. */
  readonly read: ProbeStep | null;
  /** After a PUT without an answer: a GET with an invalid token, which IMDS answers with 401. */
  readonly invalidToken: ProbeStep | null;
  readonly requests: number;
  readonly retries: number;
}

export interface ProbeStep {
  /**
   * `ok`; an errno (`ETIMEDOUT`); a status (`403`); `silent`: connected, but the answer is missing
   * or incomplete; `not-http`; `no-token`: 200, but the body is not a token.
   */
  readonly outcome: string;
  readonly ms: number;
}

/** Whether IMDS answered with metadata. */
export function isReached({ read }: Pick<PathProbe, "read">): boolean {
  return read?.outcome === "ok";
}

/** The probe of a path over which nothing was sent. */
export function emptyProbe(endpoint: string): PathProbe {
  const noSteps = { connect: null, token: null, read: null, invalidToken: null };
  return { endpoint, ...noSteps, requests: 0, retries: 0 };
}
