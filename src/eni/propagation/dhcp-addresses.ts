import type { Leases } from "../../plan/config/configure.ts";

/** A link's name → an address that DHCP gave → when it was seen last, on one clock. */
export type LeaseMemory = Readonly<Record<string, Readonly<Record<string, number>>>>;

/**
 * An activation takes DHCP's addresses away for seconds: a daemon that is told of a new file gives its
 * lease back and asks anew, and duplicate address detection follows (1 to 2 s, as measured on three
 * backends). What is gone for less is not gone.
 */
const blinkMs = 10_000;

interface Seen {
  readonly dhcp: readonly string[];
  readonly addresses: readonly string[];
}

/**
 * The memory after another look. What DHCP once gave counts while it is on the link: networkd takes
 * the end off an address that it is told to keep.
 */
export function rememberLeases(
  before: LeaseMemory,
  sights: Readonly<Record<string, Seen>>,
  nowMs: number,
): LeaseMemory {
  const links = Object.entries(sights).map(([name, { dhcp, addresses }]) => {
    const old = Object.entries(before[name] ?? {});
    const fresh = old.filter(
      ([address, ms]) => addresses.includes(address) || nowMs - ms < blinkMs,
    );
    const kept = fresh.map(([address, ms]) => [address, addresses.includes(address) ? nowMs : ms]);
    const given = dhcp.map((address) => [address, nowMs]);
    return [name, Object.fromEntries([...kept, ...given])] as const;
  });
  return Object.fromEntries(links);
}

/** What counts as given by DHCP now. */
export function knownLeases(memory: LeaseMemory): Leases {
  const links = Object.entries(memory);
  return Object.fromEntries(links.map(([name, seen]) => [name, Object.keys(seen)] as const));
}
