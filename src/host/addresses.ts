import { networkInterfaces } from "node:os";
import type { LinkAddress } from "../model/link.ts";

/**
 * The addresses that getifaddrs(3) gives. It needs neither `ip` nor root. A link without carrier is
 * left out (libuv requires IFF_RUNNING), and an old-style label (`eth0:1`) is not a link's name.
 */
export function readLinkAddresses(): readonly LinkAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([label, addresses = []]) =>
    addresses.map((each) => ({
      nic: label.replace(/:.*$/, ""),
      family: each.family === "IPv6" ? "ipv6" : "ipv4",
      address: each.address,
      prefixLength: Number(each.cidr?.split("/")[1] ?? (each.family === "IPv6" ? 128 : 32)),
      scopeId: each.scopeid ?? 0,
    })),
  );
}
