/** The wanted network configuration, independent of the backend. */
export interface NetworkConfig {
  /** Sorted by `index`, then by MAC. */
  readonly nics: readonly NicConfig[];
}

export interface NicConfig {
  readonly mac: string;
  /** The link's name, for comments only; null if not known. */
  readonly name: string | null;
  readonly eniId: string;
  readonly isPrimary: boolean;
  /** 100 · network card + device number, so that it does not depend on the other NICs. */
  readonly index: number;
  /** The metric of routes from DHCP and router advertisements in the main table. */
  readonly metric: number;
  readonly dhcp4: boolean;
  /** Whether DHCPv6 and router advertisements are on; router advertisements give the router. */
  readonly dhcp6: boolean;
  /** The primary address of each family, which DHCP gives: the NIC's default source address. */
  readonly leased: readonly string[];
  /** Secondary addresses, as /32 and /128; they are never a default source address. */
  readonly addresses: readonly string[];
  readonly routes: readonly Route[];
  readonly rules: readonly RoutingPolicyRule[];
}

export interface Route {
  readonly family: 4 | 6;
  /** A CIDR. `0.0.0.0/0` and `::/0` mean a default route. */
  readonly destination: string;
  /** null if the destination is directly on the link. */
  readonly gateway: string | null;
  /**
   * If a router advertises itself on the link, the route leads over that router, otherwise over
   * `gateway`. A backend that cannot express this uses `gateway`.
   */
  readonly prefersAdvertised: boolean;
  readonly table: number;
}

export interface RoutingPolicyRule {
  readonly family: 4 | 6;
  /** A CIDR. */
  readonly from: string;
  /** A CIDR; null for every destination. */
  readonly to: string | null;
  readonly table: number;
  readonly priority: number;
  /** Routes of prefix length 0 in the table are ignored (ip-rule(8), `suppress_prefixlength 0`). */
  readonly ignoresDefault: boolean;
}
