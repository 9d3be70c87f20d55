import { familyOf } from "../model/ip.ts";
import {
  isIpv6Only,
  type NetworkConfig,
  type NicConfig,
  type Route,
  type RoutingPolicyRule,
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
 * Renders the configuration as systemd-networkd units, one file per NIC. They are for systemd 250
 * and later, or without link groups for systemd 249 (Ubuntu 22.04). systemd.network(5)
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
    { name: "Link", entries: linkEntries(nic) },
    { name: "Network", entries: networkEntries(nic) },
    ...dhcpSections(nic),
    ...nic.addresses.map(addressSection),
    ...nic.routes.flatMap(advertisedRoute),
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

/** Only the primary may delay the boot: another ENI can be detached while the machine is off. */
function linkEntries(nic: NicConfig): IniEntries {
  const online = nic.isPrimary ? onlineEntries(nic) : [["RequiredForOnline", false] as const];
  return [...groupEntries(nic), ...online];
}

/**
 * On an IPv6-only subnet, the lease of DHCPv4 alone does not mean "online", and nothing waits for it.
 * `RequiredFamilyForOnline=` needs systemd 249.
 */
export function onlineEntries(nic: NicConfig): IniEntries {
  return isIpv6Only(nic) ? [["RequiredFamilyForOnline", "ipv6"]] : [];
}

/** The link's group; `Group=` needs systemd 246. */
export function groupEntries({ linkGroup }: NicConfig): IniEntries {
  return linkGroup === null ? [] : [["Group", linkGroup]];
}

function networkEntries({ dhcp6 }: NicConfig): IniEntries {
  return [
    ["DHCP", dhcp6 ? "yes" : "ipv4"],
    // Set explicitly: by default networkd ignores advertisements if it forwards packets (Docker).
    ["IPv6AcceptRA", dhcp6],
    keepLease,
  ];
}

/** Only the primary ENI's lease sets the hostname; otherwise the latest lease of any NIC would. */
function dhcpSections(nic: NicConfig): readonly IniSection[] {
  const { dhcp6, metric, isPrimary } = nic;
  const hostname = isPrimary ? [] : [["UseHostname", false] as const];
  const mainDefault = mainDefaultEntries(nic);
  const dhcp4Entries = [
    ["RouteMetric", metric],
    ["UseMTU", true],
    noRoutesToDns,
    ...mainDefault.dhcp4,
    ...hostname,
  ] as const;
  const advertised = [["RouteMetric", metric], ...mainDefault.advertised] as const;
  return [
    { name: "DHCPv4", entries: dhcp4Entries },
    ...(dhcp6 ? [{ name: "DHCPv6", entries: hostname }] : []),
    ...(dhcp6 ? [{ name: "IPv6AcceptRA", entries: advertised }] : []),
  ];
}

/**
 * By default networkd adds a host route to each name server of the lease, also through secondary
 * ENIs (https://github.com/systemd/systemd/issues/29820). In a VPC, every ENI reaches them anyway.
 */
export const noRoutesToDns = ["RoutesToDNS", false] as const;

/**
 * Keeps the default routes of a NIC out of the main table, if the NIC must have none there. Before
 * systemd 250, `[IPv6AcceptRA]` has no `UseGateway=`; then all its routes go to the NIC's own table.
 */
export function mainDefaultEntries(nic: NicConfig) {
  const { hasMainDefault, linkGroup, routes } = nic;
  if (hasMainDefault) return { dhcp4: [], advertised: [] } as const;
  const [table] = routes.map((route) => route.table);
  const isOld = linkGroup === null && table !== undefined;
  const useGateway = ["UseGateway", false] as const;
  const advertised = isOld ? (["RouteTable", table] as const) : useGateway;
  return { dhcp4: [useGateway], advertised: [advertised] } as const;
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

/** A route of the NIC's table. */
export function routeSection({ family, type, destination, gateway, table }: Route): IniSection {
  // Without a lease, table main may lack the route to the gateway's subnet.
  const hop = [["Gateway", gateway ?? ""] as const, ["GatewayOnLink", true] as const];
  return {
    name: "Route",
    entries: [
      ["Destination", destination],
      ...(gateway === null ? [] : family === 4 ? hop : hop.slice(0, 1)),
      ...(type === "throw" ? [["Type", type] as const] : []),
      ["Table", table],
    ],
  };
}

/**
 * The route via the advertised router, whose metric is lower; none if the route does not prefer it.
 * `_ipv6ra` needs systemd 246.
 */
export function advertisedRoute(route: Route): readonly IniSection[] {
  const { destination, table, prefersAdvertised } = route;
  if (!prefersAdvertised) return [];
  const entries = [
    ["Destination", destination],
    ["Gateway", "_ipv6ra"],
    ["Metric", advertisedMetric],
    ["Table", table],
  ] as const;
  return [{ name: "Route", entries }];
}

/** One routing policy rule; the drop-in for netplan has such sections too. */
export function ruleSection(rule: RoutingPolicyRule): IniSection {
  const { from, to, table, priority, suppressPrefixLength, suppressGroup } = rule;
  const length = [["SuppressPrefixLength", suppressPrefixLength ?? 0] as const];
  // needs systemd 250
  const group = [["SuppressInterfaceGroup", suppressGroup ?? 0] as const];
  return {
    name: "RoutingPolicyRule",
    entries: [
      ["From", from],
      ...(to === null ? [] : [["To", to] as const]),
      ["Table", table],
      ["Priority", priority],
      ...(suppressPrefixLength === null ? [] : length),
      ...(suppressGroup === null ? [] : group),
    ],
  };
}
