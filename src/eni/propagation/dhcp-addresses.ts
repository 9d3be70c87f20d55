import type { DhcpAddresses } from "../../plan/config/configure.ts";

/** A link's name → an address that DHCP gave → when it was last seen, in ms of `Clock.now`. */
export type DhcpAddressHistory = Readonly<Record<string, Readonly<Record<string, number>>>>;

/**
 * An address counts as lost only after this time. An activation removes DHCP's addresses for seconds:
 * a daemon that reads a new file releases its lease and requests it again, and duplicate address
 * detection follows (1 to 2 s, measured with three backends).
 */
const graceMs = 10_000;

interface ObservedAddresses {
  readonly dhcp: readonly string[];
  readonly addresses: readonly string[];
}

/**
 * The history after another observation. An address that DHCP gave counts as long as it is on the
 * link, even if the kernel does not show it as DHCP's: networkd removes the lifetime of an address
 * that it keeps.
 */
export function recordDhcpAddresses(
  history: DhcpAddressHistory,
  observations: Readonly<Record<string, ObservedAddresses>>,
  nowMs: number,
): DhcpAddressHistory {
  const links = Object.entries(observations).map(([name, { dhcp, addresses }]) => {
    const recorded = Object.entries(history[name] ?? {});
    const fresh = recorded.filter(
      ([address, ms]) => addresses.includes(address) || nowMs - ms < graceMs,
    );
    const kept = fresh.map(([address, ms]) => [address, addresses.includes(address) ? nowMs : ms]);
    const leased = dhcp.map((address) => [address, nowMs]);
    return [name, Object.fromEntries([...kept, ...leased])] as const;
  });
  return Object.fromEntries(links);
}

/** The addresses that count as given by DHCP now. */
export function currentDhcpAddresses(history: DhcpAddressHistory): DhcpAddresses {
  const links = Object.entries(history);
  return Object.fromEntries(
    links.map(([name, addresses]) => [name, Object.keys(addresses)] as const),
  );
}
