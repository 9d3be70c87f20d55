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
  ruleEntries,
} from "./network-manager.ts";
import { renderYaml, type Yaml } from "./yaml.ts";
import { type IniSection, renderIni } from "./ini.ts";
import { advertisedRoutes, keepLease, ruleSection } from "./networkd.ts";

/**
 * The configuration as netplan's YAML, one file per NIC, and what netplan cannot say beside it. For
 * netplan 0.106 (bookworm) and later. https://netplan.readthedocs.io/en/stable/netplan-yaml/
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
  return {
    path: managedPath("netplan", nic.mac),
    content: `${headerLines(nic).join("\n")}\n${yaml}`,
    mode: 0o600,
    mac: nic.mac,
  };
}

function renderEthernet(nic: NicConfig, renderer: NetplanRenderer): Yaml {
  return {
    // Named, not inherited: what the one accepts the other refuses (`lifetime`), and one file that
    // is refused leaves the whole machine without configuration.
    renderer,
    match: { macaddress: nic.mac },
    // An ENI may be detached while the machine is off: only the primary may hold up the boot.
    ...(nic.isPrimary ? {} : { optional: true }),
    ...dhcpSettings(nic, renderer),
    ...(renderer === "networkd" ? networkdSettings(nic) : networkManagerSettings(nic)),
  };
}

/**
 * One set of overrides for both families: netplan refuses two that differ, and writes it into
 * `[DHCP]`, whose RouteMetric= networkd also gives to the routes of router advertisements
 * (config_parse_dhcp_or_ra_route_metric). Without it all NICs' IPv6 defaults would have the same
 * metric, and the primary's packets would leave through another ENI.
 */
function dhcpSettings({ dhcp4, dhcp6, metric, isPrimary }: NicConfig, renderer: NetplanRenderer) {
  // The instance's name is its primary ENI's; with two leases the later one would set it.
  // NetworkManager takes it from the best default route's by itself.
  const ignoresHostname = !isPrimary && renderer === "networkd";
  const overrides = {
    "route-metric": metric,
    ...(ignoresHostname ? { "use-hostname": false } : {}),
  };
  return {
    dhcp4,
    ...(dhcp4 ? { "dhcp4-overrides": overrides } : {}),
    dhcp6,
    // networkd ignores advertisements on a machine that forwards (Docker), unless told: no router.
    ...(dhcp6 ? { "dhcp6-overrides": overrides, "accept-ra": true } : {}),
  };
}

function networkdSettings({ addresses, routes, rules }: NicConfig) {
  return {
    ...optionalList("addresses", addresses.map(renderAddress)),
    ...optionalList("routes", routes.map(renderRoute)),
    ...optionalList("routing-policy", rules.filter((rule) => !rule.ignoresDefault).map(renderRule)),
  };
}

/**
 * The rules are handed on with the profile: netplan 0.106 leaves `routing-policy` out here without a
 * word, and none has a word for those without the default.
 */
function networkManagerSettings(nic: NicConfig) {
  return {
    "ipv6-address-generation": "eui64",
    ...optionalList("addresses", [...listedAddresses(nic, 4), ...listedAddresses(nic, 6)]),
    ...optionalList("routes", nic.routes.map(renderRoute)),
    networkmanager: renderNetplanProfile(nic),
  };
}

/**
 * Preferred lifetime 0 keeps an IPv6 address from being a source (RFC 6724, rule 3). The kernel
 * does not look at it for IPv4: there the route names the source, and DHCP's routes name the lease.
 */
function renderAddress(cidr: string): Yaml {
  return familyOf(cidr) === 4 ? cidr : { [cidr]: { lifetime: 0 } };
}

function renderRoute({ family, destination, gateway, table }: Route): Yaml {
  // netplan wants a `via` unless the scope is link. The subnet that a gateway lies in may only be in
  // main once the lease is there; one below fe80::/10 needs no on-link.
  const hop =
    gateway === null
      ? { scope: "link" }
      : { via: gateway, ...(family === 4 ? { "on-link": true } : {}) };
  return { to: destination, ...hop, table };
}

function renderRule({ from, to, table, priority }: RoutingPolicyRule): Yaml {
  return { from, ...(to === null ? {} : { to }), table, priority };
}

function optionalList(key: string, values: readonly Yaml[]): { readonly [key: string]: Yaml } {
  return values.length === 0 ? {} : { [key]: values };
}

/**
 * What netplan hands on to NetworkManager as it is: the profile's name and uuid, and the keys of a
 * profile that netplan has no words for, as `SECTION.KEY`. The kernel's rules are among them.
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

/** The method too: without DHCP netplan makes it `manual` with no address, which is refused. */
function passthroughEntries(nic: NicConfig, family: 4 | 6): IniSection["entries"] {
  return [methodEntry(nic, family), ...dhcpEntries(nic, family), ...ruleEntries(nic, family)];
}

function prefixKeys(
  section: string,
  entries: IniSection["entries"],
): { readonly [key: string]: Yaml } {
  return Object.fromEntries(
    entries.map(([key, value]) => [`${section}.${key}`, String(value)] as const),
  );
}

/**
 * What netplan has no words for, added to the unit that it makes: a lease that is kept, the router
 * that advertises itself in a table of its own, rules that leave the default out.
 */
function renderDropIn(nic: NicConfig): ConfigFile {
  const rules = nic.rules.filter(({ ignoresDefault }) => ignoresDefault);
  const sections = [
    { name: "Network", entries: [keepLease] },
    ...advertisedRoutes(nic),
    ...rules.map(ruleSection),
  ];
  // networkd reads it as the user systemd-network, and there is no secret in it.
  const content = renderIni(headerLines(nic), sections);
  return { path: dropInPath(nic.mac), content, mode: 0o644, mac: nic.mac };
}
