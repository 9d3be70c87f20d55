/** A chain of nftables or iptables, as far as it decides on a packet of ours. */
export interface FirewallChain {
  /** Unique: family, table and name. */
  readonly id: string;
  /** As people name it: `inet filter output`, `iptables OUTPUT`. */
  readonly name: string;
  /** The hook it hangs on; null: it is only jumped to. */
  readonly hook: string | null;
  /** What becomes of a packet at its end. */
  readonly policy: "accept" | "drop";
  /** The families of packets that pass it. */
  readonly families: readonly ("ipv4" | "ipv6")[];
  readonly rules: readonly FirewallRule[];
  /** Lets these packets pass, at the top of the chain: for pasting. */
  readonly accept: (packet: FirewallPacket) => string;
}

export interface FirewallRule {
  readonly conditions: readonly FirewallCondition[];
  readonly action: FirewallAction;
  /** Takes the rule away: for pasting. */
  readonly remove: string;
}

export type FirewallAction =
  | { readonly kind: "accept" | "drop" | "reject" | "return" }
  | { readonly kind: "jump" | "goto"; readonly target: string };

export interface FirewallCondition {
  /** `other`: what cannot be judged from here. */
  readonly field: FirewallField | "other";
  readonly isNegated: boolean;
  /** Any of them: a word, a number, an address, a CIDR, `FROM-TO`. null: they cannot be told. */
  readonly values: readonly string[] | null;
}

const firewallFields = [
  "daddr",
  "saddr",
  "dport",
  "sport",
  "oif",
  "iif",
  "protocol",
  "family",
  "uid",
  "state",
] as const;

export type FirewallField = (typeof firewallFields)[number];

/** A packet of a connection to IMDS. */
export interface FirewallPacket {
  readonly direction: "out" | "in";
  readonly values: Readonly<Record<FirewallField, string>>;
}
