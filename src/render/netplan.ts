import { familyOf } from "../model/ip.ts";
import type {
  NetworkConfig,
  NicConfig,
  Route,
  RoutingPolicyRule,
} from "../model/network-config.ts";
import type { ConfigFile, NetplanRenderer } from "../model/plan.ts";
import {
  dropInPath,
  macDigits,
  netplanId,
  managedPath,
  profileId,
  profileUuid,
} from "../model/managed-paths.ts";
import { headerLines } from "./header.ts";
import {
  connectionEntries,
  dhcpEntries,
  listedAddresses,
  methodEntry,
  neverDefaultEntries,
  routeEntries,
  ruleEntries,
} from "./network-manager.ts";
import { renderYaml, type Yaml } from "./yaml.ts";
import { type IniEntries, renderIni } from "./ini.ts";
import {
  advertisedRoute,
  groupEntries,
  keepLease,
  mainDefaultEntries,
  noRoutesToDns,
  onlineEntries,
  routeSection,
  ruleSection,
} from "./networkd.ts";

/**
 * Renders the configuration as netplan YAML, one file per NIC. With networkd there is also a
 * drop-in for what netplan cannot express. The files are for netplan 0.106 (bookworm) and later.
 * https://netplan.readthedocs.io/en/stable/netplan-yaml/
 */
export function renderNetplan(
  { nics }: NetworkConfig,
  renderer: NetplanRenderer = "networkd",
): readonly ConfigFile[] {
  return nics.flatMap((nic) => {
    const dropIns = renderer === "networkd" ? [renderDropIn(nic)] : [];
    return [yamlFile(nic, renderer), ...dropIns];
  });
}

function yamlFile(nic: NicConfig, renderer: NetplanRenderer): ConfigFile {
  const ethernets = { [netplanId(macDigits(nic.mac))]: renderEthernet(nic, renderer) };
  const yaml = renderYaml({ network: { version: 2, ethernets } });
  const content = `${headerLines(nic).join("\n")}\n${yaml}`;
  return { path: managedPath("netplan", nic.mac), content, mode: 0o600, mac: nic.mac };
}

function renderEthernet(nic: NicConfig, renderer: NetplanRenderer): Yaml {
  return {
    // Set explicitly, because the other renderer may refuse a key (`lifetime`), and one refused
    // file leaves the whole machine without configuration.
    renderer,
    match: { macaddress: nic.mac },
    // Only the primary may delay the boot: another ENI can be detached while the machine is off.
    ...(nic.isPrimary ? {} : { optional: true }),
    ...dhcpSettings(nic, renderer),
    ...(renderer === "networkd" ? networkdSettings(nic) : networkManagerSettings(nic)),
  };
}

/**
 * Both families have the same DHCP overrides, because netplan refuses different ones. It writes
 * them to `[DHCP]`, whose RouteMetric= networkd also uses for routes from router advertisements
 * (config_parse_dhcp_or_ra_route_metric). Without it the IPv6 default routes of all NICs would have
 * the same metric, and the primary's packets would leave through another ENI.
 */
function dhcpSettings({ dhcp6, metric, isPrimary }: NicConfig, renderer: NetplanRenderer) {
  // Only the primary ENI's lease sets the hostname; otherwise the latest lease of any NIC would.
  // NetworkManager uses the lease of the best default route anyway.
  const hostname = !isPrimary && renderer === "networkd" ? { "use-hostname": false } : {};
  const overrides = { "route-metric": metric, ...hostname };
  return {
    dhcp4: true,
    "dhcp4-overrides": overrides,
    dhcp6,
    // Without `accept-ra`, networkd ignores advertisements if it forwards packets (Docker).
    ...(dhcp6 ? { "dhcp6-overrides": overrides, "accept-ra": true } : {}),
  };
}

function networkdSettings({ addresses, routes, rules }: NicConfig) {
  return {
    ...optionalList("addresses", addresses.map(renderAddress)),
    ...optionalList("routes", routes.filter(isNetplanRoute).map(renderRoute)),
    ...optionalList("routing-policy", rules.filter(isNetplanRule).map(renderRule)),
  };
}

/**
 * Whether netplan can express the route without a warning: it wants a gateway or `scope: link`, and
 * networkd ignores the scope of an IPv6 route, with a warning at each read.
 */
function isNetplanRoute({ family, type, gateway }: Route): boolean {
  return type === "unicast" && (family === 4 || gateway !== null);
}

function isNetplanRule({ suppressPrefixLength, suppressGroup }: RoutingPolicyRule): boolean {
  return suppressPrefixLength === null && suppressGroup === null;
}

/**
 * The rules are passed to the profile unchanged. With this renderer netplan 0.106 silently ignores
 * `routing-policy`, and no netplan version can express a rule that ignores routes.
 */
function networkManagerSettings(nic: NicConfig) {
  return {
    "ipv6-address-generation": "eui64",
    ...optionalList("addresses", [...listedAddresses(nic, 4), ...listedAddresses(nic, 6)]),
    ...optionalList("routes", nic.routes.filter(isUnicast).map(renderRoute)),
    networkmanager: renderNetplanProfile(nic),
  };
}

/**
 * With preferred lifetime 0 an IPv6 address never is the source (RFC 6724, rule 3). For IPv4 the
 * kernel ignores the lifetime: a route names the source, and DHCP's routes name the leased address.
 */
function renderAddress(cidr: string): Yaml {
  return familyOf(cidr) === 4 ? cidr : { [cidr]: { lifetime: 0 } };
}

function renderRoute({ family, destination, gateway, table }: Route): Yaml {
  // netplan requires `via` unless the scope is link. Without a lease, table main may lack the route
  // to the gateway's subnet, so IPv4 needs on-link. A gateway in fe80::/10 needs none.
  const onLink = family === 4 ? { "on-link": true } : {};
  const hop = gateway === null ? { scope: "link" } : { via: gateway, ...onLink };
  return { to: destination, ...hop, table };
}

function renderRule({ from, to, table, priority }: RoutingPolicyRule): Yaml {
  return { from, ...(to === null ? {} : { to }), table, priority };
}

function optionalList(key: string, values: readonly Yaml[]): { readonly [key: string]: Yaml } {
  return values.length === 0 ? {} : { [key]: values };
}

/**
 * The part that netplan passes on to NetworkManager unchanged: the profile's name and uuid, and as
 * `SECTION.KEY` the keys that netplan cannot express, including the routing rules.
 */
function renderNetplanProfile(nic: NicConfig): Yaml {
  const digits = macDigits(nic.mac);
  return {
    uuid: profileUuid(digits),
    name: profileId(digits),
    passthrough: {
      ...prefixKeys("connection", connectionEntries),
      ...prefixKeys("ipv4", passthroughEntries(nic, 4)),
      ...prefixKeys("ipv6", passthroughEntries(nic, 6)),
    },
  };
}

/** Includes the method: without DHCP netplan writes `manual`, which is refused without address. */
function passthroughEntries(nic: NicConfig, family: 4 | 6): IniEntries {
  const routes = nic.routes.filter((route) => route.family === family);
  const unicast = routes.filter(isUnicast);
  const thrown = routes.filter((route) => !isUnicast(route));
  return [
    methodEntry(nic, family),
    ...dhcpEntries(nic, family),
    ...neverDefaultEntries(nic),
    // netplan numbers its own routes from 1
    ...thrown.flatMap((route, index) => routeEntries(route, unicast.length + index + 1)),
    ...ruleEntries(nic, family),
  ];
}

function isUnicast({ type }: Route): boolean {
  return type === "unicast";
}

function prefixKeys(section: string, entries: IniEntries): { readonly [key: string]: Yaml } {
  return Object.fromEntries(
    entries.map(([key, value]) => [`${section}.${key}`, String(value)] as const),
  );
}

/**
 * A drop-in for the unit that netplan generates, with what netplan cannot express: the link's group,
 * what DHCP and router advertisements must not add, routes of other kinds, and rules that ignore
 * routes.
 */
function renderDropIn(nic: NicConfig): ConfigFile {
  const mainDefault = mainDefaultEntries(nic);
  const sections = [
    { name: "Link", entries: [...groupEntries(nic), ...(nic.isPrimary ? onlineEntries(nic) : [])] },
    { name: "Network", entries: [keepLease] },
    { name: "DHCPv4", entries: [noRoutesToDns, ...mainDefault.dhcp4] },
    { name: "IPv6AcceptRA", entries: nic.dhcp6 ? mainDefault.advertised : [] },
    ...nic.routes.flatMap(advertisedRoute),
    ...nic.routes.filter((route) => !isNetplanRoute(route)).map(routeSection),
    ...nic.rules.filter((rule) => !isNetplanRule(rule)).map(ruleSection),
  ];
  // networkd runs as the user systemd-network, which must read the file; it contains no secret.
  const content = renderIni(headerLines(nic), sections);
  return { path: dropInPath(nic.mac), content, mode: 0o644, mac: nic.mac };
}
