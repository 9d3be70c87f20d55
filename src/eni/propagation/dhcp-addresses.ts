import type { DhcpAddresses } from "../../plan/config/configure.ts";

/** A link's name → an address that DHCP gave → when it was seen last, on one clock. */
export type DhcpAddressHistory = Readonly<Record<string, Readonly<Record<string, number>>>>;

/**
 * An activation takes DHCP's addresses away for seconds: a daemon that is told of a new file gives its
 * lease back and asks anew, and duplicate address detection follows (1 to 2 s, as measured on three
 * backends). What is gone for less is not gone.
 */
const graceMs = 10_000;

interface ObservedAddresses {
  readonly dhcp: readonly string[];
  readonly addresses: readonly string[];
}

/**
 * The memory after another look. What DHCP once gave counts while it is on the link: networkd takes
 * the end off an address that it is told to keep.
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

/** What counts as given by DHCP now. */
export function currentDhcpAddresses(history: DhcpAddressHistory): DhcpAddresses {
  const links = Object.entries(history);
  return Object.fromEntries(
    links.map(([name, addresses]) => [name, Object.keys(addresses)] as const),
  );
}
