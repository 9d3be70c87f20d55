import { familyOf } from "../model/address.ts";
import type { NicConfig, RoutingPolicyRule } from "../model/network-config.ts";
import type { IniSection } from "./ini.ts";

/**
 * Keys of a NetworkManager profile that netplan has no words for either, and hands on as they are.
 * nm-settings-keyfile(5)
 */

type Entries = IniSection["entries"];

/** NM's largest number, which means for ever. */
const forever = 2_147_483_647;

/** Before cloud-init's profiles (120) and the distribution's (0 and below). */
export const connectionEntries: Entries = [
  ["autoconnect-priority", 130],
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
  const wait = [["required-timeout", 20_000]] as const;
  if (family === 4) return dhcp4 ? [["dhcp-timeout", forever], ...wait] : [];
  const endless = [
    ["dhcp-timeout", forever],
    ["ra-timeout", forever],
  ] as const;
  return dhcp6 ? [...endless, ...(dhcp4 ? [] : wait)] : [];
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
  const first = leased.filter((address) => familyOf(address) === 6);
  return [...first.map((address) => `${address}/128`), ...others];
}

export function ruleEntries({ rules }: NicConfig, family: 4 | 6): Entries {
  return rules
    .filter((rule) => rule.family === family)
    .map((rule, at) => [`routing-rule${at + 1}`, ruleText(rule)] as const);
}

function ruleText({ priority, from, to, table, ignoresDefault }: RoutingPolicyRule): string {
  return [
    `priority ${priority} from ${from}`,
    ...(to === null ? [] : [`to ${to}`]),
    `table ${table}`,
    ...(ignoresDefault ? ["suppress_prefixlength 0"] : []),
  ].join(" ");
}
