import { familyOf } from "../model/ip.ts";
import type {
  NetworkConfig,
  NicConfig,
  Route,
  RoutingPolicyRule,
} from "../model/network-config.ts";
import type { ConfigFile } from "../model/plan.ts";
import { managedPath } from "../model/managed-paths.ts";
import { headerLines } from "./header.ts";
import { type IniSection, renderIni } from "./ini.ts";

/**
 * The configuration as systemd-networkd's units, one file per NIC. For systemd 249 (Ubuntu 22.04)
 * and later. systemd.network(5)
 */
export function renderNetworkd({ nics }: NetworkConfig): readonly ConfigFile[] {
  return nics.map((nic) => ({
    path: managedPath("networkd", nic.mac),
    content: renderIni(headerLines(nic), networkFileSections(nic)),
    // networkd reads it as the user systemd-network, and there is no secret in it.
    mode: 0o644,
    mac: nic.mac,
  }));
}

function networkFileSections(nic: NicConfig): readonly IniSection[] {
  return [
    { name: "Match", entries: matchEntries(nic.mac) },
    // An ENI may be detached while the machine is off: only the primary may hold up the boot.
    { name: "Link", entries: nic.isPrimary ? [] : [["RequiredForOnline", false]] },
    { name: "Network", entries: networkEntries(nic) },
    ...dhcpSections(nic),
    ...nic.addresses.map(addressSection),
    ...advertisedRoutes(nic),
    ...nic.routes.map(routeSection),
    ...nic.rules.map(ruleSection),
  ];
}

/**
 * What is built over a NIC has its MAC: VLANs, bridges, bonds, macvlans and ipvlans say what they
 * are in `Type=`, the rest in `Kind=` (a systemd that does not know that key ignores it). Not
 * `PermanentMACAddress=`, which neither a veth has nor older Xen drivers tell.
 */
function matchEntries(mac: string): IniSection["entries"] {
  return [
    ["MACAddress", mac],
    ["Type", "ether"],
    ["Kind", "!bond bridge hsr ipvlan ipvtap macsec macvlan macvtap team vlan"],
  ];
}

function networkEntries({ dhcp4, dhcp6 }: NicConfig): IniSection["entries"] {
  return [
    ["DHCP", dhcp4 && dhcp6 ? "yes" : dhcp6 ? "ipv6" : "ipv4"],
    // Said, not inherited: a machine that forwards (Docker) would ignore advertisements.
    ["IPv6AcceptRA", dhcp6],
    keepLease,
  ];
}

/** The instance's name is its primary ENI's; with two leases the later one would set it. */
function dhcpSections({ dhcp4, dhcp6, metric, isPrimary }: NicConfig): readonly IniSection[] {
  const hostname = isPrimary ? [] : [["UseHostname", false] as const];
  const dhcp4Entries = [["RouteMetric", metric], ["UseMTU", true], ...hostname] as const;
  return [
    ...(dhcp4 ? [{ name: "DHCPv4", entries: dhcp4Entries }] : []),
    ...(dhcp6 ? [{ name: "DHCPv6", entries: hostname }] : []),
    ...(dhcp6 ? [{ name: "IPv6AcceptRA", entries: [["RouteMetric", metric] as const] }] : []),
  ];
}

/**
 * Preferred lifetime 0 keeps an IPv6 address from being a source (RFC 6724, rule 3). The kernel
 * does not look at it for IPv4: there the route names the source, and DHCP's routes name the lease.
 */
function addressSection(cidr: string): IniSection {
  const ipv6 = [["PreferredLifetime", 0] as const];
  return {
    name: "Address",
    entries: [["Address", cidr], ["AddPrefixRoute", false], ...(familyOf(cidr) === 6 ? ipv6 : [])],
  };
}

function routeSection({ family, destination, gateway, table }: Route): IniSection {
  // The subnet that the gateway lies in may only be in main once the lease is there.
  const hop = [["Gateway", gateway ?? ""] as const, ["GatewayOnLink", true] as const];
  return {
    name: "Route",
    entries: [
      ["Destination", destination],
      ...(gateway === null ? [] : family === 4 ? hop : hop.slice(0, 1)),
      ["Table", table],
    ],
  };
}

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
