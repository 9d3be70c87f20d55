import type { Scenario } from "../../../../scripts/simulator/scenario/scenario.ts";

/** A NIC: a veth whose far end is in a network of its own. */
export interface NicSpec {
  readonly name: string;
  /** Default: one of the network's, by position. */
  readonly mac?: string;
  /** With its prefix length: `10.0.0.10/24`; the router is the first address of the network. */
  readonly ipv4?: string;
  /** The same for IPv6; the router is also `fe80::1`. */
  readonly ipv6?: string;
  /**
   * The far end. `answers`: an IMDS without faults, also over IPv6; or a scenario. `swallows`: it answers ARP and
   * neighbour discovery, and drops all other packets. `absent`: a router without IMDS.
   */
  readonly imds: "answers" | "swallows" | "absent" | Scenario;
  /** Whether the NIC has a default route in each of its families; earlier NICs have lower metrics. */
  readonly defaultRoute?: boolean;
}

/** The router at the far end of a NIC, with the prefix length: `10.0.0.1/24`. */
export function routerOf(address: string): string {
  return address.replace(/[\da-f]+\/(\d+)$/, "1/$1");
}

/** The network namespace of a NIC's far end, as `ip netns` names it. */
export function farSpace(name: string): string {
  return `far-${name}`;
}
