import type { FirewallChain } from "./firewall.ts";
import type { LinkState } from "./link.ts";

/** What the kernel says about one path to IMDS; null: unknown, for `ip` is missing or too limited. */
export interface PathFacts {
  readonly route: RouteFact | null;
  /**
   * Table and metric of a route to this address alone, as `ip` takes them: ` table 7 metric 9`, empty
   * for a route in `main` without a metric. null: the route covers more than this address.
   */
  readonly hostRoute: string | null;
  /** The route for a program that does not bind to a NIC. */
  readonly unboundRoute: RouteFact | null;
  /** Whether rp_filter accepts an answer that arrives here; null: unknown. */
  readonly acceptsReplies: boolean | null;
  /** The next hop's entry in the neighbour table; `unused`: there is none, nothing was sent to it. */
  readonly neighbour: "reachable" | "failed" | "unused" | null;
  /** The gateway of some IPv6 route of this link. */
  readonly router: string | null;
}

export type RouteFact =
  | { readonly kind: "route"; readonly gateway: string | null; readonly nic: string | null }
  | { readonly kind: "none" }
  /** A prohibit, blackhole or unreachable route or rule. */
  | { readonly kind: "forbidden" };

export interface NicFacts {
  /** 0 off, 1 strict, 2 loose: the larger of `all` and the NIC's own. null: unknown. */
  readonly rpFilter: number | null;
  /** Packets dropped by the ENI's limit for link-local services; null: its driver does not count. */
  readonly exceeded: number | null;
}

/** A route or a rule that forbids a destination. */
export interface Refusal {
  readonly family: 4 | 6;
  /** `prohibit`, `blackhole`, `unreachable` */
  readonly type: string;
  readonly kind: "route" | "rule";
  /** The canonical CIDR it covers. */
  readonly destination: string;
  /** The command that removes it. */
  readonly remove: string;
}

export interface MachineFacts {
  readonly refusals: readonly Refusal[];
  /** null: it cannot be read (without root, or without nft and iptables). */
  readonly firewall: readonly FirewallChain[] | null;
  readonly uid: number;
  /** systemd-imdsd runs: it asks IMDS for other programs, and may forbid direct access. */
  readonly hasImdsd: boolean;
  /** Requests an address with a program of this machine; the NIC's name is to be appended. */
  readonly dhcpClient: readonly string[] | null;
  /** From the firmware; null: it has none. */
  readonly instanceId: string | null;
}

/** A NIC, the paths that were probed through it, and its verdict. */
export interface ProbedNic {
  readonly link: LinkState;
  /** 1 is the best; null: it is not probed. */
  readonly rank: number | null;
  /** Why it has this rank, or none. */
  readonly reason: string;
  readonly paths: readonly ProbedPath[];
  readonly verdict: Verdict;
}

export interface ProbedPath {
  readonly probe: PathProbe;
  readonly pathFacts: PathFacts;
  readonly verdict: Verdict;
}

/** The kernel's own routing, as used by programs that do not bind to a NIC. */
export interface ProbedKernel {
  /** The link of its route; null: unknown. */
  readonly link: string | null;
  readonly paths: readonly ProbedPath[];
  readonly verdict: Verdict;
}

/** The state of a path to IMDS, or of a NIC: stable words, for programs. */
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
  /** Shell commands that fix it, in order; null: none is known. */
  readonly fix: readonly string[] | null;
}

/**
 * The result of one probe of one path: a NIC or the kernel's own routing, and an endpoint. The steps
 * follow each other; null: not reached.
 */
export interface PathProbe {
  readonly endpoint: string;
  readonly connect: ProbeStep | null;
  /** `PUT /latest/api/token` */
  readonly token: ProbeStep | null;
  /** `GET /latest/meta-data/instance-id`, with that token. */
  readonly read: ProbeStep | null;
  /** After an unanswered PUT: a GET with an invalid token, which IMDS answers with 401. */
  readonly invalidToken: ProbeStep | null;
  readonly requests: number;
  readonly retries: number;
}

export interface ProbeStep {
  /**
   * `ok`; an errno (`ETIMEDOUT`); a status (`403`); `silent`: connected, but no complete answer;
   * `not-http`; `no-token`: 200, but the body is not a token.
   */
  readonly outcome: string;
  readonly ms: number;
}

/** IMDS answered with metadata. */
export function isReached({ read }: Pick<PathProbe, "read">): boolean {
  return read?.outcome === "ok";
}

/** The probe of a path over which nothing was sent. */
export function emptyProbe(endpoint: string): PathProbe {
  const noSteps = { connect: null, token: null, read: null, invalidToken: null };
  return { endpoint, ...noSteps, requests: 0, retries: 0 };
}
