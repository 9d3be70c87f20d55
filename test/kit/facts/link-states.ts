import type { LinkAddress, LinkState } from "../../../src/model/link.ts";

/** An address of a link; a link-local one has a scope. */
export function linkAddress(nic: string, address: string): LinkAddress {
  const family = address.includes(":") ? "ipv6" : "ipv4";
  const scopeId = address.startsWith("fe80:") ? 2 : 0;
  return { nic, family, address, prefixLength: family === "ipv6" ? 64 : 24, scopeId };
}

/** A working NIC of EC2, changed by `rest`. */
export function linkState(
  name: string,
  addresses: readonly string[],
  rest: Partial<LinkState> = {},
): LinkState {
  return {
    name,
    mac: "06:00:00:00:00:01",
    kind: "device",
    driver: "ena",
    busAddress: "0000:00:05.0",
    isUp: true,
    hasCarrier: true,
    master: null,
    addresses: addresses.map((address) => linkAddress(name, address)),
    ...rest,
  };
}
