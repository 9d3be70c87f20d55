import type { LinkAddress, LinkState } from "../../../src/model/link.ts";

/** An address as the kernel tells it; link-local ones get a scope. */
export function linkAddress(nic: string, address: string): LinkAddress {
  const family = address.includes(":") ? "ipv6" : "ipv4";
  const scopeId = address.startsWith("fe80:") ? 2 : 0;
  return { nic, family, address, prefixLength: family === "ipv6" ? 64 : 24, scopeId };
}

/** A healthy NIC of EC2, but for what `rest` says. */
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
