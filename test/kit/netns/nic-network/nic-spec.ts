import type { Scenario } from "../../../../scripts/simulator/scenario/scenario.ts";

/** A NIC of the network: a veth whose far end lies in a network of its own. */
export interface NicSpec {
  readonly name: string;
  /** Default: one of the network's, by position. */
  readonly mac?: string;
  /** With its prefix length: `10.0.0.10/24`; the router is the first address of the network. */
  readonly ipv4?: string;
  /** The same; the router is `fe80::1`, too. */
  readonly ipv6?: string;
  /**
   * What is at the far end. `answers`: a healthy service; or a scenario, with its faults.
   * `swallows`: ARP and neighbour discovery are answered, and everything else vanishes.
   * `absent`: a router, which knows no IMDS.
   */
  readonly imds: "answers" | "swallows" | "absent" | Scenario;
  /** Through the far end's router, in each family the NIC has; an earlier NIC's wins. */
  readonly defaultRoute?: boolean;
}

/** The router that is at a NIC's far end, with the prefix length: `10.0.0.1/24`. */
export function routerOf(address: string): string {
  return address.replace(/[\da-f]+\/(\d+)$/, "1/$1");
}

/** The network namespace of a NIC's far end, as `ip netns` names it. */
export function farSpace(name: string): string {
  return `far-${name}`;
}
