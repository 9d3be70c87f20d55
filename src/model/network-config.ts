import { type Family, familyOf } from "./ip.ts";

/**
 * How rules keep the packets of an address away from main's routes through other ENIs. `group`: the
 * links of all ENIs are in one link group, and rules ignore main's routes through links of that
 * group (ip-rule(8), `suppress_ifgroup`). `prefix`: the ENI's table has the VPC's networks, and
 * rules ignore main's routes with short prefixes (`suppress_prefixlength`). NetworkManager, and
 * networkd before systemd 250, cannot express `group`. docs/decisions/packet-table.md
 */
export type RuleStyle = "group" | "prefix";

/** The wanted network configuration, independent of the backend. */
export interface NetworkConfig {
  /** Sorted by `index`, then by MAC. */
  readonly nics: readonly NicConfig[];
}

/**
 * DHCPv4 is always on. In an IPv6-only subnet it gives 169.254.x.y/32 and a resolver, and this address
 * is the way to IMDS, whose IPv6 endpoint is off by default. The address is not one of the ENI, so it
 * has no table and no rules (https://github.com/amazonlinux/amazon-ec2-utils/issues/27).
 */
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
  /** Whether the routes from DHCP and router advertisements may include a default route. */
  readonly hasMainDefault: boolean;
  /** The kernel's group of the NIC's link; null if the rules do not use link groups. */
  readonly linkGroup: number | null;
  /** Whether DHCPv6 and router advertisements are on; router advertisements give the router. */
  readonly dhcp6: boolean;
  /** The primary address of each family, which DHCP gives: the NIC's default source address. */
  readonly leased: readonly string[];
  /** The families in which DHCP gave an address although IMDS lists none yet. */
  readonly unlistedFamilies: readonly Family[];
  /** Secondary addresses, as /32 and /128; they are never a default source address. */
  readonly addresses: readonly string[];
  readonly routes: readonly Route[];
  readonly rules: readonly RoutingPolicyRule[];
}

/** Whether the ENI has IPv6 addresses only. */
export function isIpv6Only({ leased }: Pick<NicConfig, "leased">): boolean {
  return leased.length > 0 && leased.every((address) => familyOf(address) === 6);
}

export interface Route {
  readonly family: 4 | 6;
  /** `throw`: the lookup in this table ends, and the next rule counts (ip-route(8)). */
  readonly type: "unicast" | "throw";
  /** A CIDR. `0.0.0.0/0` and `::/0` mean a default route. */
  readonly destination: string;
  /** null if the destination is directly on the link, and for `throw`. */
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
  /** Routes with a prefix of this length or shorter are ignored; null if none are. ip-rule(8) */
  readonly suppressPrefixLength: number | null;
  /** Routes through links of this group are ignored; null if none are. ip-rule(8) */
  readonly suppressGroup: number | null;
}
