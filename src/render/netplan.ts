import { familyOf } from "../net/address.ts";
import type { NetworkConfig, NicConfig, Route, RoutingPolicyRule } from "../net/network-config.ts";
import type { ConfigFile } from "../net/network-plan.ts";
import { macDigits, ownMark, ownPath, unmanagedPath } from "../net/own-files.ts";
import { renderYaml, type Yaml } from "./yaml.ts";

/**
 * The configuration as netplan's YAML, one file per NIC. For netplan 0.106 (bookworm) and later.
 * https://netplan.readthedocs.io/en/stable/netplan-yaml/
 */
export function renderNetplan({ nics }: NetworkConfig): readonly ConfigFile[] {
  return nics.map(yamlFile);
}

function yamlFile(nic: NicConfig): ConfigFile {
  const role = nic.isPrimary ? "primary" : `index ${nic.index}`;
  const head = [
    `# ${ownMark}, and written again at its next run`,
    `# to keep it off this NIC, list it in ${unmanagedPath} and delete this file`,
    `# ${nic.eniId}, ${role}`,
  ];
  const document = { network: { version: 2, ethernets: { [idOf(nic.mac)]: ethernet(nic) } } };
  return {
    path: ownPath("netplan", nic.mac),
    content: `${head.join("\n")}\n${renderYaml(document)}`,
    mode: 0o600,
    mac: nic.mac,
  };
}

/**
 * Becomes `10-netplan-ID.network`, and networkd takes the first file by name that matches a link:
 * `a-` comes before any catch-all (`all-en` in Debian's image) and any id that is a NIC's name
 * (cloud-init's).
 */
function idOf(mac: string): string {
  return `a-ec2nic-${macDigits(mac)}`;
}

function ethernet(nic: NicConfig): Yaml {
  return {
    // Named, not inherited: NetworkManager's side of netplan refuses `lifetime`, and one file that
    // is refused leaves the whole machine without configuration.
    renderer: "networkd",
    match: { macaddress: nic.mac },
    // An ENI may be detached while the machine is off: only the primary may hold up the boot.
    ...(nic.isPrimary ? {} : { optional: true }),
    ...dhcp(nic),
    ...unlessEmpty("addresses", nic.addresses.map(address)),
    ...unlessEmpty("routes", nic.routes.map(route)),
    ...unlessEmpty("routing-policy", nic.rules.map(rule)),
  };
}

/**
 * One set of overrides for both families: netplan refuses two that differ, and writes it into
 * `[DHCP]`, whose RouteMetric= networkd also gives to the routes of router advertisements
 * (config_parse_dhcp_or_ra_route_metric). Without it all NICs' IPv6 defaults would have the same
 * metric, and the primary's packets would leave through another ENI.
 */
function dhcp({ dhcp4, dhcp6, metric, isPrimary }: NicConfig): { readonly [key: string]: Yaml } {
  // The instance's name is its primary ENI's; with two leases the later one would set it.
  const overrides = { "route-metric": metric, ...(isPrimary ? {} : { "use-hostname": false }) };
  return {
    dhcp4,
    ...(dhcp4 ? { "dhcp4-overrides": overrides } : {}),
    dhcp6,
    // networkd ignores advertisements on a machine that forwards (Docker), unless told: no router.
    ...(dhcp6 ? { "dhcp6-overrides": overrides, "accept-ra": true } : {}),
  };
}

/**
 * Preferred lifetime 0 keeps an IPv6 address from being a source (RFC 6724, rule 3). The kernel
 * does not look at it for IPv4: there the route names the source, and DHCP's routes name the lease.
 */
function address(cidr: string): Yaml {
  return familyOf(cidr) === 4 ? cidr : { [cidr]: { lifetime: 0 } };
}

function route({ destination, gateway, table }: Route): Yaml {
  // netplan wants a `via` unless the scope is link. A gateway below fe80::/10 needs no on-link.
  const hop = gateway === null ? { scope: "link" } : { via: gateway };
  return { to: destination, ...hop, table };
}

function rule({ from, table, priority }: RoutingPolicyRule): Yaml {
  return { from, table, priority };
}

function unlessEmpty(key: string, values: readonly Yaml[]): { readonly [key: string]: Yaml } {
  return values.length === 0 ? {} : { [key]: values };
}
