/** A chain of nftables or iptables, as far as it decides about a packet to or from IMDS. */
export interface FirewallChain {
  /** Family, table and name, so that it is unique. */
  readonly id: string;
  /** For messages: `inet filter output`, `iptables OUTPUT`. */
  readonly name: string;
  /** The netfilter hook of the chain, in lower case; null if only jumps lead to the chain. */
  readonly hook: string | null;
  /** What happens to a packet at the end of the chain. */
  readonly policy: "accept" | "drop";
  /** The families of the packets that pass through it. */
  readonly families: readonly ("ipv4" | "ipv6")[];
  readonly rules: readonly FirewallRule[];
  /** The command that inserts, at the top of the chain, a rule which accepts such packets. */
  readonly accept: (packet: FirewallPacket) => string;
  /** The command that lists the rules of the chain. */
  readonly list: string;
}

export interface FirewallRule {
  readonly conditions: readonly FirewallCondition[];
  readonly action: FirewallAction;
  /** The command that deletes the rule. */
  readonly remove: string;
}

export type FirewallAction =
  | { readonly kind: "accept" | "drop" | "reject" | "return" }
  | { readonly kind: "jump" | "goto"; readonly target: string };

export interface FirewallCondition {
  /** `other` is a condition that ec2nic does not understand. */
  readonly field: FirewallField | "other";
  readonly isNegated: boolean;
  /** One of these matches: a word, number, address, CIDR or `FROM-TO`; null if not understood. */
  readonly values: readonly string[] | null;
}

export type FirewallField =
  "daddr" | "saddr" | "dport" | "sport" | "oif" | "iif" | "protocol" | "family" | "uid" | "state";

/** A packet of a connection to IMDS. */
export interface FirewallPacket {
  readonly direction: "out" | "in";
  readonly values: Readonly<Record<FirewallField, string>>;
}
