import type {
  NetworkConfig,
  NicConfig,
  Route,
  RoutingPolicyRule,
} from "../model/network-config.ts";
import type { ConfigFile } from "../model/plan.ts";
import { macDigits, managedPath, profileId, profileUuid } from "../model/managed-paths.ts";
import { headerLines } from "./header.ts";
import { type IniSection, renderIni } from "./ini.ts";
import { familyOf } from "../model/ip.ts";

/**
 * The configuration as NetworkManager's keyfiles, one profile per NIC. For NetworkManager 1.18 (the
 * first with routing rules) and later. nm-settings-keyfile(5)
 */
export function renderNetworkManager({ nics }: NetworkConfig): readonly ConfigFile[] {
  return nics.map((nic) => ({
    path: managedPath("network-manager", nic.mac),
    content: renderIni(headerLines(nic), profileSections(nic)),
    // NetworkManager ignores a profile that others can read.
    mode: 0o600,
    mac: nic.mac,
  }));
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
    // The permanent one; VLANs, bridges and macvlans are of other types, and never meant.
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
    // A section of our own would make NetworkManager 1.40 refuse the profile: this one is for notes.
    { name: "user", entries: [["org.freedesktop.NetworkManager.origin", "ec2nic"]] },
  ];
}

function ipEntries(nic: NicConfig, family: 4 | 6): IniSection["entries"] {
  const isDynamic = family === 4 ? nic.dhcp4 : nic.dhcp6;
  const addresses = listedAddresses(nic, family);
  const routes = nic.routes.filter((route) => route.family === family);
  return [
    ...dhcpEntries(nic, family),
    ...(isDynamic ? [["route-metric", nic.metric] as const] : []),
    ...addresses.map((cidr, index) => [`address${index + 1}`, cidr] as const),
    ...routes.flatMap((route, index) => routeEntries(route, index + 1)),
    ...ruleEntries(nic, family),
  ];
}

/**
 * NetworkManager has no word for the router that advertises itself in a table of our own: the VPC's
 * address for it is all there is.
 */
function routeEntries({ family, destination, gateway, table }: Route, number: number) {
  const hop = gateway === null ? destination : `${destination},${gateway}`;
  // The subnet that the gateway lies in may only be in main once the lease is there.
  const isOnLink = gateway !== null && family === 4;
  return [
    [`route${number}`, hop],
    [`route${number}_options`, `table=${table}${isOnLink ? ",onlink=true" : ""}`],
  ] as const;
}

/**
 * Keys of a NetworkManager profile that netplan has no words for either, and hands on as they are.
 * nm-settings-keyfile(5)
 */

type Entries = IniSection["entries"];

/** NM's largest number, which means for ever. */
const maxTimeout = 2_147_483_647;

/** Higher than cloud-init's profiles (120) and the distribution's (0 and below). */
export const autoconnectPriority = 130;

export const connectionEntries: Entries = [
  ["autoconnect-priority", autoconnectPriority],
  // After four failures NetworkManager would leave the NIC alone for five minutes.
  ["autoconnect-retries", 0],
];

/** IPv6 without DHCP: a link-local address is all there is to have. */
export function methodEntry({ dhcp4, dhcp6 }: NicConfig, family: 4 | 6) {
  const isDynamic = family === 4 ? dhcp4 : dhcp6;
  return ["method", isDynamic ? "auto" : family === 4 ? "disabled" : "link-local"] as const;
}

/**
 * A DHCP server that is late takes nothing down that works: the client goes on for ever, and the
 * profile is up as soon as something is, but not before DHCP had 20 s: a link-local address alone is
 * no reason to say "online". An older NetworkManager than 1.34 does not know required-timeout, and
 * ignores it.
 */
export function dhcpEntries({ dhcp4, dhcp6 }: NicConfig, family: 4 | 6): Entries {
  const requiredTimeout = [["required-timeout", 20_000]] as const;
  if (family === 4) return dhcp4 ? [["dhcp-timeout", maxTimeout], ...requiredTimeout] : [];
  const endlessTimeouts = [
    ["dhcp-timeout", maxTimeout],
    ["ra-timeout", maxTimeout],
  ] as const;
  return dhcp6 ? [...endlessTimeouts, ...(dhcp4 ? [] : requiredTimeout)] : [];
}

/**
 * What the profile's list of addresses holds. NetworkManager from 1.36 puts listed addresses before
 * leased ones (https://github.com/canonical/cloud-init/issues/4157). For IPv4 the routes name the
 * source, and DHCP's name the lease. For IPv6 the kernel takes the first address, and there is no
 * way to say that one is not preferred: so the leased one is listed too, before the others.
 */
export function listedAddresses(
  { leased, addresses }: NicConfig,
  family: 4 | 6,
): readonly string[] {
  const others = addresses.filter((cidr) => familyOf(cidr) === family);
  if (family === 4 || others.length === 0) return others;
  const leasedIpv6 = leased.filter((address) => familyOf(address) === 6);
  return [...leasedIpv6.map((address) => `${address}/128`), ...others];
}

export function ruleEntries({ rules }: NicConfig, family: 4 | 6): Entries {
  return rules
    .filter((rule) => rule.family === family)
    .map((rule, index) => [`routing-rule${index + 1}`, ruleText(rule)] as const);
}

function ruleText({ priority, from, to, table, ignoresDefault }: RoutingPolicyRule): string {
  return [
    `priority ${priority} from ${from}`,
    ...(to === null ? [] : [`to ${to}`]),
    `table ${table}`,
    ...(ignoresDefault ? ["suppress_prefixlength 0"] : []),
  ].join(" ");
}
