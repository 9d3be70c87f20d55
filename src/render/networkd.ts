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
import { type IniEntries, type IniSection, renderIni } from "./ini.ts";

/**
 * networkd 252 releases a lease, and removes its address, whenever it reads a changed file for the
 * link, and netplan rewrites every file. With this setting the address stays while the lease is
 * renewed. Against the DHCP standard it also stays after the lease; on EC2 the ENI still owns it.
 * https://github.com/amazonlinux/amazon-ec2-net-utils/issues/168
 */
export const keepLease = ["KeepConfiguration", "dhcp"] as const;

/** Lower than 1024, networkd's default for IPv6 routes, which the fixed router's route has. */
const advertisedMetric = 512;

/**
 * Renders the configuration as systemd-networkd units, one file per NIC. They are for systemd 249
 * (Ubuntu 22.04) and later. systemd.network(5)
 */
export function renderNetworkd({ nics }: NetworkConfig): readonly ConfigFile[] {
  return nics.map((nic) => {
    const content = renderIni(headerLines(nic), networkFileSections(nic));
    // networkd runs as the user systemd-network, which must read the file; it contains no secret.
    return { path: managedPath("networkd", nic.mac), content, mode: 0o644, mac: nic.mac };
  });
}

function networkFileSections(nic: NicConfig): readonly IniSection[] {
  return [
    { name: "Match", entries: matchEntries(nic.mac) },
    // Only the primary may delay the boot: another ENI can be detached while the machine is off.
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
 * Matches the NIC but no link on top of it, although such a link has the same MAC. VLANs, bridges,
 * bonds, macvlans and ipvlans differ in `Type=`, others in `Kind=` (ignored by older systemd). Not
 * by `PermanentMACAddress=`, because a veth has none, and older Xen drivers do not report it.
 */
function matchEntries(mac: string): IniEntries {
  return [
    ["MACAddress", mac],
    ["Type", "ether"],
    ["Kind", "!bond bridge hsr ipvlan ipvtap macsec macvlan macvtap team vlan"],
  ];
}

function networkEntries({ dhcp4, dhcp6 }: NicConfig): IniEntries {
  return [
    ["DHCP", dhcp4 && dhcp6 ? "yes" : dhcp6 ? "ipv6" : "ipv4"],
    // Set explicitly: by default networkd ignores advertisements if it forwards packets (Docker).
    ["IPv6AcceptRA", dhcp6],
    keepLease,
  ];
}

/** Only the primary ENI's lease sets the hostname; otherwise the latest lease of any NIC would. */
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
 * With preferred lifetime 0 an IPv6 address never is the source (RFC 6724, rule 3). For IPv4 the
 * kernel ignores the lifetime: a route names the source, and DHCP's routes name the leased address.
 */
function addressSection(cidr: string): IniSection {
  const ipv6 = [["PreferredLifetime", 0] as const];
  return {
    name: "Address",
    entries: [["Address", cidr], ["AddPrefixRoute", false], ...(familyOf(cidr) === 6 ? ipv6 : [])],
  };
}

function routeSection({ family, destination, gateway, table }: Route): IniSection {
  // Without a lease, table main may lack the route to the gateway's subnet.
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

/** The routes via the advertised router; their metric is lower. `_ipv6ra` needs systemd 246. */
export function advertisedRoutes({ routes }: NicConfig): readonly IniSection[] {
  const advertised = routes.filter(({ prefersAdvertised }) => prefersAdvertised);
  return advertised.map(({ destination, table }) => ({
    name: "Route",
    entries: [
      ["Destination", destination],
      ["Gateway", "_ipv6ra"],
      ["Metric", advertisedMetric],
      ["Table", table],
    ],
  }));
}

/** One routing policy rule; the drop-in for netplan has such sections too. */
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
