import {
  isIpv6Only,
  type NetworkConfig,
  type NicConfig,
  type Route,
  type RoutingPolicyRule,
} from "../model/network-config.ts";
import type { ConfigFile } from "../model/plan.ts";
import { macDigits, managedPath, profileId, profileUuid } from "../model/managed-paths.ts";
import { headerLines } from "./header.ts";
import { type IniEntries, type IniSection, renderIni } from "./ini.ts";
import { familyOf } from "../model/ip.ts";

/** Higher than the priority of cloud-init's profiles (120) and the distribution's (at most 0). */
export const autoconnectPriority = 130;

/** NetworkManager's largest number, which means infinity. */
const maxTimeout = 2_147_483_647;

/**
 * Renders the configuration as NetworkManager keyfiles, one profile per NIC. They are for
 * NetworkManager 1.18 (the first with routing rules) and later. nm-settings-keyfile(5)
 */
export function renderNetworkManager({ nics }: NetworkConfig): readonly ConfigFile[] {
  return nics.map((nic) => {
    const content = renderIni(headerLines(nic), profileSections(nic));
    // NetworkManager ignores a profile that other users can read.
    return { path: managedPath("network-manager", nic.mac), content, mode: 0o600, mac: nic.mac };
  });
}

function profileSections(nic: NicConfig): readonly IniSection[] {
  const digits = macDigits(nic.mac);
  return [
    {
      name: "connection",
      entries: [
        ["id", profileId(digits)],
        ["uuid", profileUuid(digits)],
        ["type", "ethernet"],
        ...connectionEntries,
      ],
    },
    // Matches the permanent MAC. VLANs, bridges and macvlans have other types, and never match.
    { name: "ethernet", entries: [["mac-address", nic.mac.toUpperCase()]] },
    { name: "ipv4", entries: [methodEntry(nic, 4), ...ipEntries(nic, 4)] },
    {
      name: "ipv6",
      entries: [
        methodEntry(nic, 6),
        ["addr-gen-mode", "eui64"],
        ["ip6-privacy", 0],
        ...ipEntries(nic, 6),
      ],
    },
    // NetworkManager 1.40 refuses a profile with an unknown section; `user` accepts any key.
    { name: "user", entries: [["org.freedesktop.NetworkManager.origin", "ec2nic"]] },
  ];
}

function ipEntries(nic: NicConfig, family: 4 | 6): IniEntries {
  const isDynamic = family === 4 || nic.dhcp6;
  const addresses = listedAddresses(nic, family);
  const routes = nic.routes.filter((route) => route.family === family);
  return [
    ...dhcpEntries(nic, family),
    ...(isDynamic ? [["route-metric", nic.metric] as const] : []),
    ...neverDefaultEntries(nic),
    ...addresses.map((cidr, index) => [`address${index + 1}`, cidr] as const),
    ...routes.flatMap((route, index) => routeEntries(route, index + 1)),
    ...ruleEntries(nic, family),
  ];
}

/** Keeps the default routes of a NIC out of the main table, if the NIC must have none there. */
export function neverDefaultEntries({ hasMainDefault }: NicConfig): IniEntries {
  return hasMainDefault ? [] : [["never-default", "true"]];
}

/**
 * The gateway is the VPC's fixed address: NetworkManager uses advertised routers only in main. The
 * type `throw` needs NetworkManager 1.36; an older one ignores it and adds a route on the link.
 */
export function routeEntries(route: Route, number: number): IniEntries {
  const { family, type, destination, gateway, table } = route;
  const hop = gateway === null ? destination : `${destination},${gateway}`;
  // Without a lease, table main may lack the route to the gateway's subnet.
  const isOnLink = gateway !== null && family === 4;
  return [
    [`route${number}`, hop],
    [
      `route${number}_options`,
      `table=${table}${isOnLink ? ",onlink=true" : ""}${type === "throw" ? ",type=throw" : ""}`,
    ],
  ];
}

/** Keys of `connection`. `netplan.ts` also uses them, and the functions below. */
export const connectionEntries: IniEntries = [
  ["autoconnect-priority", autoconnectPriority],
  // 0 means no limit. By default NetworkManager pauses for five minutes after four failures.
  ["autoconnect-retries", 0],
];

/** The `method` of a family. IPv6 without DHCP has only a link-local address. */
export function methodEntry({ dhcp6 }: NicConfig, family: 4 | 6) {
  return ["method", family === 4 || dhcp6 ? "auto" : "link-local"] as const;
}

/**
 * The timeouts of DHCP and router advertisements. The client retries for ever, so that a late DHCP
 * server does not take down the other family. The profile is active when one family is configured,
 * but DHCP gets 20 s first, because a link-local address alone does not mean "online". In an
 * IPv6-only subnet it waits for IPv6, because DHCPv4 gives such an address only. NetworkManager
 * before 1.34 ignores required-timeout.
 */
export function dhcpEntries(nic: NicConfig, family: 4 | 6): IniEntries {
  const dhcp = ["dhcp-timeout", maxTimeout] as const;
  const required = ["required-timeout", 20_000] as const;
  const waits = isIpv6Only(nic) === (family === 6) ? [required] : [];
  if (family === 4) return [dhcp, ...waits];
  return nic.dhcp6 ? [dhcp, ["ra-timeout", maxTimeout], ...waits] : [];
}

/**
 * The profile's static addresses. NetworkManager from 1.36 orders them before leased ones
 * (https://github.com/canonical/cloud-init/issues/4157). For IPv4 that is harmless: the routes name
 * the source, and DHCP's routes name the leased address. For IPv6 the kernel uses the first address
 * as source, which a profile cannot prevent, so the leased address is listed too, as the first.
 */
export function listedAddresses(nic: NicConfig, family: 4 | 6): readonly string[] {
  const others = nic.addresses.filter((cidr) => familyOf(cidr) === family);
  if (family === 4 || others.length === 0) return others;
  const leased = nic.leased.filter((address) => familyOf(address) === 6);
  return [...leased.map((address) => `${address}/128`), ...others];
}

/** The routing rules of one family. */
export function ruleEntries({ rules }: NicConfig, family: 4 | 6): IniEntries {
  return rules
    .filter((rule) => rule.family === family)
    .map((rule, index) => [`routing-rule${index + 1}`, ruleText(rule)] as const);
}

/** NetworkManager has no word for `suppressGroup`, so the plan has no such rule for it. */
function ruleText(rule: RoutingPolicyRule): string {
  const { priority, from, to, table, suppressPrefixLength } = rule;
  return [
    `priority ${priority} from ${from}`,
    ...(to === null ? [] : [`to ${to}`]),
    `table ${table}`,
    ...(suppressPrefixLength === null ? [] : [`suppress_prefixlength ${suppressPrefixLength}`]),
  ].join(" ");
}
