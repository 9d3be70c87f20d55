import { networkInterfaces } from "node:os";
import type { LinkAddress } from "../model/link.ts";

/**
 * The addresses of getifaddrs(3), which needs neither `ip` nor root. A link without carrier is
 * missing (libuv requires IFF_RUNNING). An old-style label (`eth0:1`) is cut to its link's name.
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
