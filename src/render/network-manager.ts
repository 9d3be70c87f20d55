import type { NetworkConfig, NicConfig, Route } from "../model/network-config.ts";
import type { ConfigFile } from "../model/network-plan.ts";
import { macDigits, ownPath } from "../model/own-files.ts";
import { profileId, profileUuid } from "../model/own-names.ts";
import { headLines } from "./header.ts";
import { type IniSection, renderIni } from "./ini.ts";
import {
  connectionEntries,
  dhcpEntries,
  listedAddresses,
  methodEntry,
  ruleEntries,
} from "./profile-entries.ts";

/**
 * The configuration as NetworkManager's keyfiles, one profile per NIC. For NetworkManager 1.18 (the
 * first with routing rules) and later. nm-settings-keyfile(5)
 */
export function renderNetworkManager({ nics }: NetworkConfig): readonly ConfigFile[] {
  return nics.map((nic) => ({
    path: ownPath("network-manager", nic.mac),
    content: renderIni(headLines(nic), sectionsOf(nic)),
    // NetworkManager ignores a profile that others can read.
    mode: 0o600,
    mac: nic.mac,
  }));
}

function sectionsOf(nic: NicConfig): readonly IniSection[] {
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
    { name: "ipv4", entries: [methodEntry(nic, 4), ...entriesOf(nic, 4)] },
    {
      name: "ipv6",
      entries: [
        methodEntry(nic, 6),
        ["addr-gen-mode", "eui64"],
        ["ip6-privacy", 0],
        ...entriesOf(nic, 6),
      ],
    },
    // A section of our own would make NetworkManager 1.40 refuse the profile: this one is for notes.
    { name: "user", entries: [["org.freedesktop.NetworkManager.origin", "ec2nic"]] },
  ];
}

function entriesOf(nic: NicConfig, family: 4 | 6): IniSection["entries"] {
  const isDynamic = family === 4 ? nic.dhcp4 : nic.dhcp6;
  const addresses = listedAddresses(nic, family);
  const routes = nic.routes.filter((route) => route.family === family);
  return [
    ...dhcpEntries(nic, family),
    ...(isDynamic ? [["route-metric", nic.metric] as const] : []),
    ...addresses.map((cidr, at) => [`address${at + 1}`, cidr] as const),
    ...routes.flatMap((route, at) => routeEntries(route, at + 1)),
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
