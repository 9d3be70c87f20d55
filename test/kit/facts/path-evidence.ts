import type { LinkState } from "../../../src/model/link.ts";
import type { FirewallChain, FirewallPacket, FirewallRule } from "../../../src/model/firewall.ts";
import { emptyProbe, type NicFacts, type PathProbe } from "../../../src/model/probe.ts";
import type { PathEvidence } from "../../../src/probe/diagnose/evidence.ts";
import { linkAt } from "./nics.ts";

const ipv4 = "169.254.169.254";

/** The link of a device number, up, with an address of each family. */
export function linkStateAt(deviceNumber: number, changes: Partial<LinkState> = {}): LinkState {
  const link = linkAt(deviceNumber);
  const address = { nic: link.name, prefixLength: 24, scopeId: 0 };
  return {
    ...link,
    isUp: true,
    hasCarrier: true,
    master: null,
    addresses: [
      { ...address, family: "ipv4", address: `10.0.${deviceNumber}.10` },
      { ...address, family: "ipv6", address: `2001:db8:${deviceNumber}::10`, prefixLength: 64 },
    ],
    ...changes,
  };
}

/** A probe whose steps have these outcomes, 3 ms each. */
export function probeOf(
  outcomes: Partial<Record<"connect" | "token" | "read", string>>,
  changes: Partial<PathProbe> = {},
): PathProbe {
  const steps = Object.entries(outcomes).map(([step, outcome]) => [step, { outcome, ms: 3 }]);
  return { ...emptyProbe(`http://${ipv4}`), ...Object.fromEntries(steps), ...changes };
}

export function nicFactsOf(rpFilter: number, exceeded: number | null = null): NicFacts {
  return { rpFilter, exceeded, keptAddresses: null };
}

/** A path through `ens6` on which IMDS does not answer, on a machine without a fault. */
export function pathEvidence(changes: Partial<PathEvidence> = {}): PathEvidence {
  return {
    nic: "ens6",
    link: linkStateAt(1),
    sender: linkStateAt(1),
    address: ipv4,
    port: 80,
    source: "10.0.1.10",
    probe: probeOf({ connect: "ETIMEDOUT" }),
    pathFacts: {
      route: { kind: "route", gateway: null, nic: "ens6" },
      unboundRoute: { kind: "route", gateway: "10.0.0.1", nic: "ens5" },
      unboundEntry: { isHostRoute: false, table: "main", words: "" },
      acceptsReplies: true,
      neighbour: "reachable",
      router: null,
      advertisedRouter: null,
    },
    nicFacts: nicFactsOf(2),
    machine: {
      refusals: [],
      remaining: [],
      firewall: [],
      uid: 0,
      hasImdsd: false,
      dhcpClient: null,
      instanceId: "i-0123456789abcdef0",
    },
    isReachedElsewhere: false,
    reachedNic: null,
    routing: "failed",
    repairs: new Map(),
    ...changes,
  };
}

/** A firewall chain on a hook; `remove N` removes its rule N. */
export function firewallChain(
  hook: string | null,
  rules: readonly Omit<FirewallRule, "remove">[],
  changes: Partial<FirewallChain> = {},
): FirewallChain {
  return {
    id: hook ?? "sub",
    name: `t ${hook ?? "sub"}`,
    hook,
    policy: "accept",
    families: ["ipv4", "ipv6"],
    rules: rules.map((rule, at) => ({ ...rule, remove: `remove ${at}` })),
    accept: ({ direction }) => `accept ${direction}`,
    list: "list",
    ...changes,
  };
}

/** An answer of IMDS over IPv6. */
export const ipv6Answer: FirewallPacket = {
  direction: "in",
  values: {
    daddr: "2001:db8::1",
    saddr: "fd00:ec2::254",
    dport: "45678",
    sport: "80",
    oif: "none",
    iif: "ens6",
    protocol: "tcp",
    family: "ipv6",
    uid: "none",
    state: "established",
  },
};
