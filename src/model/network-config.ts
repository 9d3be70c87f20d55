/** What the machine's network should be, free of any backend's way to say it. */
export interface NetworkConfig {
  /** In the order of `index`, then MAC. */
  readonly nics: readonly NicConfig[];
}

export interface NicConfig {
  readonly mac: string;
  /** The link's name where it is known, for people to read; nothing matches by it. */
  readonly name: string | null;
  readonly eniId: string;
  readonly isPrimary: boolean;
  /** 100 · network card + device number: stable, whatever else is attached. */
  readonly index: number;
  /** Metric of the routes that DHCP and router advertisements bring into the main table. */
  readonly metric: number;
  readonly dhcp4: boolean;
  /** DHCPv6, and with it router advertisements, which bring the router. */
  readonly dhcp6: boolean;
  /** The first address of each family, which DHCP hands out: the source of the NIC's own traffic. */
  readonly leased: readonly string[];
  /** Second and further addresses, /32 and /128; never the source of the NIC's own traffic. */
  readonly addresses: readonly string[];
  readonly routes: readonly Route[];
  readonly rules: readonly RoutingPolicyRule[];
}

export interface Route {
  readonly family: 4 | 6;
  /** A CIDR; `0.0.0.0/0` and `::/0` are the defaults. */
  readonly destination: string;
  /** null: on the link itself. */
  readonly gateway: string | null;
  /**
   * A router that advertises itself on the link is taken where there is one, and `gateway` where
   * there is none. A backend that cannot say so takes `gateway`.
   */
  readonly prefersAdvertised: boolean;
  readonly table: number;
}

export interface RoutingPolicyRule {
  readonly family: 4 | 6;
  /** A CIDR. */
  readonly from: string;
  /** A CIDR; null: anywhere. */
  readonly to: string | null;
  /** 254 is main. */
  readonly table: number;
  readonly priority: number;
  /** Routes of prefix length 0 in the table do not count (ip-rule(8), `suppress_prefixlength 0`). */
  readonly ignoresDefault: boolean;
}
