import type { FirewallChain } from "./firewall.ts";

/** What the kernel says of one way; null: there was nobody to ask (no `ip`, or too small a one). */
export interface PathFacts {
  readonly route: RouteFact | null;
  /** The route is to this address alone: its table and metric, ` table 7 metric 9`; null: it's not. */
  readonly hostRoute: string | null;
  /** The same for a program that binds to no NIC. */
  readonly usual: RouteFact | null;
  /** Whether an answer that comes in is let in (rp_filter); null: not known. */
  readonly keepsReplies: boolean | null;
  /** The next hop's: `unasked`, nothing has left for it yet. */
  readonly neighbour: "answers" | "silent" | "unasked" | null;
  /** An IPv6 router that the link has a route over. */
  readonly router: string | null;
}

export type RouteFact =
  | { readonly kind: "way"; readonly gateway: string | null; readonly nic: string | null }
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
