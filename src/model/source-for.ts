import type { LinkAddress } from "./link.ts";

/**
 * The address of a NIC to ask `address` from: the first of its family, a link-local one only where
 * there is no other (RFC 6724); null: it has none, and nothing can be asked.
 */
export function sourceFor(address: string, own: readonly LinkAddress[]): LinkAddress | null {
  const family = address.includes(":") ? "ipv6" : "ipv4";
  const fitting = own.filter((each) => each.family === family);
  return fitting.find(({ scopeId }) => scopeId === 0) ?? fitting[0] ?? null;
}
