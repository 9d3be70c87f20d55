import type { DhcpAddresses } from "../../plan/config/configure.ts";
import { isLinkLocalIpv4 } from "../../model/ip.ts";

/** By link name and address: when an address from DHCP was last seen, in ms of `Clock.now`. */
export type DhcpAddressHistory = Readonly<Record<string, Readonly<Record<string, number>>>>;

/**
 * An address counts as lost only after this time. An activation removes DHCP's addresses for
 * seconds, because a daemon that reads a new file releases its lease and requests it again.
 * Duplicate address detection follows (1 to 2 s, measured with three backends).
 */
const graceMs = 10_000;

interface ObservedAddresses {
  readonly dhcp: readonly string[];
  readonly addresses: readonly string[];
}

/**
 * The history after an observation. An address from DHCP counts as long as it is on the link, even
 * if the kernel shows it without lifetime, because networkd removes the lifetime when it keeps one.
 * DHCPv4 gives 169.254.x.y in an IPv6-only subnet. It is no address of the ENI, and IMDS never lists
 * it (https://github.com/amazonlinux/amazon-ec2-utils/issues/27).
 */
export function recordDhcpAddresses(
  history: DhcpAddressHistory,
  observations: Readonly<Record<string, ObservedAddresses>>,
  nowMs: number,
): DhcpAddressHistory {
  const links = Object.entries(observations).map(([name, { dhcp, addresses }]) => {
    const seen = Object.entries(history[name] ?? {}).map(([address, ms]) => {
      return [address, addresses.includes(address) ? nowMs : ms] as const;
    });
    const kept = seen.filter(([, ms]) => nowMs - ms < graceMs);
    const leased = dhcp.flatMap((address) =>
      isLinkLocalIpv4(address) ? [] : [[address, nowMs] as const],
    );
    return [name, Object.fromEntries([...kept, ...leased])] as const;
  });
  return Object.fromEntries(links);
}

/** The addresses that now count as given by DHCP. */
export function currentDhcpAddresses(history: DhcpAddressHistory): DhcpAddresses {
  const links = Object.entries(history).map(([name, seen]) => [name, Object.keys(seen)] as const);
  return Object.fromEntries(links);
}
