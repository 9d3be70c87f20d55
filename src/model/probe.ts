import type { FirewallChain } from "./firewall.ts";
import type { LinkState } from "./link.ts";

/** What the kernel says of one way; null: there was nobody to ask (no `ip`, or too small a one). */
export interface PathFacts {
  readonly route: RouteFact | null;
  /** The route is to this address alone: its table and metric, ` table 7 metric 9`; null: it's not. */
  readonly hostRoute: string | null;
  /** The same for a program that binds to no NIC. */
  readonly unboundRoute: RouteFact | null;
  /** Whether an answer that comes in is let in (rp_filter); null: not known. */
  readonly acceptsReplies: boolean | null;
  /** The next hop's: `unasked`, nothing has left for it yet. */
  readonly neighbour: "answers" | "silent" | "unasked" | null;
  /** An IPv6 router that the link has a route over. */
  readonly router: string | null;
}

export type RouteFact =
  | { readonly kind: "route"; readonly gateway: string | null; readonly nic: string | null }
  | { readonly kind: "none" }
  /** A prohibit, blackhole or unreachable route or rule. */
  | { readonly kind: "forbidden" };

export interface NicFacts {
  /** 0 off, 1 strict, 2 loose; the larger of `all` and the NIC's own holds. null: not known. */
  readonly rpFilter: number | null;
  /** Packets to link-local services beyond what an ENI may send; null: its driver does not count. */
  readonly exceeded: number | null;
}

/** A route or a rule that forbids. */
export interface Refusal {
  readonly family: 4 | 6;
  /** `prohibit`, `blackhole`, `unreachable` */
  readonly type: string;
  readonly what: "route" | "rule";
  /** The canonical CIDR it covers. */
  readonly destination: string;
  /** Takes it away: for pasting. */
  readonly remove: string;
}

export interface MachineFacts {
  readonly refusals: readonly Refusal[];
  /** null: it may not, or cannot, be read. */
  readonly firewall: readonly FirewallChain[] | null;
  readonly uid: number;
  /** systemd-imdsd is there, which asks IMDS for others and may forbid them to. */
  readonly hasImdsd: boolean;
  /** Asks for an address on a NIC by this machine's own means: argv without the NIC's name. */
  readonly dhcpClient: readonly string[] | null;
  /** As the firmware has it; null: it does not say. */
  readonly instanceId: string | null;
}

/** A NIC, what was asked through it, and what is the matter. */
export interface ProbedNic {
  readonly link: LinkState;
  /** 1 is the best; null: IMDS is not asked through it. */
  readonly rank: number | null;
  /** What the rank comes from, or why there is none. */
  readonly reason: string;
  readonly paths: readonly ProbedPath[];
  readonly verdict: Verdict;
}

export interface ProbedPath {
  readonly probe: PathProbe;
  readonly pathFacts: PathFacts;
  readonly verdict: Verdict;
}

/** The kernel's own routing, which programs that bind to no NIC go by. */
export interface ProbedKernel {
  /** The link that it leads through; null: not known. */
  readonly link: string | null;
  readonly paths: readonly ProbedPath[];
  readonly verdict: Verdict;
}

/** What is the matter with a way to IMDS, or with a NIC: stable words, for programs. */
export const verdictWords = [
  "reached",
  "down",
  "no-carrier",
  "no-address",
  "no-route",
  "prohibited",
  "rp-filter",
  "firewall",
  "nobody-on-link",
  "refused",
  "no-answer",
  "silent",
  "hop-limit",
  "switched-off",
  "throttled",
  "trouble",
  "not-imds",
  "not-a-candidate",
  "not-asked",
] as const;

export type VerdictWord = (typeof verdictWords)[number];

export interface Verdict {
  readonly word: VerdictWord;
  /** In words, without the NIC's name in front. */
  readonly text: string;
  /** Commands to paste, in order; null: none is known. */
  readonly fix: readonly string[] | null;
}

/**
 * What one look at one way came to: a NIC, or the kernel's own routing, and an endpoint. The steps
 * follow each other: what was not come to is null.
 */
export interface PathProbe {
  readonly endpoint: string;
  readonly connect: ProbeStep | null;
  /** `PUT /latest/api/token` */
  readonly token: ProbeStep | null;
  /** `GET /latest/meta-data/instance-id`, with that token. */
  readonly read: ProbeStep | null;
  /** After a silent PUT: a GET with a token that is worth nothing. A service in sight says 401. */
  readonly invalidToken: ProbeStep | null;
  readonly requests: number;
  readonly retries: number;
}

export interface ProbeStep {
  /**
   * `ok`; an errno (`ETIMEDOUT`); a status (`403`); `silent`: connected, and no whole answer;
   * `not-http`; `no-token`: 200, and what came with it is none.
   */
  readonly outcome: string;
  readonly ms: number;
}

/** IMDS answered with metadata. */
export function isReached({ read }: Pick<PathProbe, "read">): boolean {
  return read?.outcome === "ok";
}

/** A way that nothing was sent over. */
export function emptyProbe(endpoint: string): PathProbe {
  const noSteps = { connect: null, token: null, read: null, invalidToken: null };
  return { endpoint, ...noSteps, requests: 0, retries: 0 };
}
