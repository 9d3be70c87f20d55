import type { NicConfig, Route, RoutingPolicyRule } from "../model/network-config.ts";
import type { IniSection } from "./ini.ts";

/**
 * Sections of a `.network` file that its renderer and the drop-in beside netplan's have in common.
 * systemd.network(5)
 */

/**
 * networkd 252 gives a lease back, and its address with it, whenever it reads a changed file for the
 * link, and netplan makes every file anew. With this the address stays while the lease is renewed.
 * Against the letter of DHCP it also outlives its lease; on EC2 it is the ENI's all along.
 * https://github.com/amazonlinux/amazon-ec2-net-utils/issues/168
 */
export const keepLease = ["KeepConfiguration", "dhcp"] as const;

/** Before 1024, which networkd gives to IPv6 routes by itself, and so to the one to fall back on. */
const advertisedMetric = 512;

/** A route through the router that advertises itself, with the metric that puts it first. Since v246. */
export function advertisedRoutes({ routes }: NicConfig): readonly IniSection[] {
  return routes.filter(({ prefersAdvertised }) => prefersAdvertised).map(advertisedRoute);
}

function advertisedRoute({ destination, table }: Route): IniSection {
  return {
    name: "Route",
    entries: [
      ["Destination", destination],
      ["Gateway", "_ipv6ra"],
      ["Metric", advertisedMetric],
      ["Table", table],
    ],
  };
}

export function ruleSection(rule: RoutingPolicyRule): IniSection {
  const { from, to, table, priority, ignoresDefault } = rule;
  return {
    name: "RoutingPolicyRule",
    entries: [
      ["From", from],
      ...(to === null ? [] : [["To", to] as const]),
      ["Table", table],
      ["Priority", priority],
      ...(ignoresDefault ? [["SuppressPrefixLength", 0] as const] : []),
    ],
  };
}
