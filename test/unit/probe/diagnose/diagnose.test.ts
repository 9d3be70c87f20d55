import { describe, expect, test } from "bun:test";
import type { MachineFacts, PathFacts, VerdictWord } from "../../../../src/model/probe.ts";
import { diagnoseImdsPath } from "../../../../src/probe/diagnose/diagnose.ts";
import type { PathEvidence } from "../../../../src/probe/diagnose/evidence.ts";
import {
  firewallChain,
  pathEvidence,
  linkStateAt,
  nicFactsOf,
  probeOf,
} from "../../../kit/facts/path-evidence.ts";

const defaults = pathEvidence();
const path = (changes: Partial<PathFacts>) => ({
  pathFacts: { ...defaults.pathFacts, ...changes },
});
const machine = (changes: Partial<MachineFacts>) => ({
  machine: { ...defaults.machine, ...changes },
});
const outcome = (connect: string) => ({ probe: probeOf({ connect }) });
const answer = (token: string, more = {}) => ({
  probe: probeOf({ connect: "ok", token, ...more }, { retries: 2 }),
});
const ipv6 = { address: "fd00:ec2::254", source: "2001:db8:1::10" };
const drop = { conditions: [], action: { kind: "drop" } } as const;
const prohibit = {
  family: 4,
  type: "prohibit",
  kind: "route",
  destination: "169.254.169.254/32",
  remove: "ip route del prohibit 169.254.169.254",
} as const;
const remaining = { family: 4, destination: "0.0.0.0/0" } as const;
const aws = "aws ec2 modify-instance-metadata-options --instance-id i-0123456789abcdef0";

const cases: readonly {
  readonly what: string;
  readonly given: Partial<PathEvidence>;
  readonly word: VerdictWord;
  readonly says?: string;
  readonly fix?: readonly string[];
}[] = [
  { what: "IMDS answers", given: answer("ok", { read: "ok" }), word: "reached", says: "in 3 ms" },
  {
    what: "the NIC is down, without carrier too",
    given: { link: linkStateAt(1, { isUp: false, hasCarrier: false }), probe: probeOf({}) },
    word: "down",
    fix: ["ip link set dev ens6 up"],
  },
  {
    what: "the NIC has no carrier",
    given: { link: linkStateAt(1, { hasCarrier: false }), probe: probeOf({}) },
    word: "no-carrier",
  },
  {
    what: "the NIC has no address, and no DHCP client is known",
    given: { source: null, probe: probeOf({}) },
    word: "no-address",
    fix: ["ec2nic activate --dhcp"],
  },
  {
    what: "the NIC has no address, and a DHCP client is known",
    given: { source: null, probe: probeOf({}), ...machine({ dhcpClient: ["dhclient"] }) },
    word: "no-address",
    fix: ["dhclient ens6"],
  },
  {
    what: "the NIC has no address, and another NIC reaches IMDS",
    given: { source: null, probe: probeOf({}), isReachedElsewhere: true },
    word: "no-address",
    fix: ["ec2nic activate"],
  },
  {
    what: "the NIC has only a link-local IPv6 address",
    given: { ...ipv6, source: "fe80::1", ...outcome("ENETUNREACH") },
    word: "no-address",
    says: "no IPv6 address",
  },
  {
    what: "the address is not usable yet",
    given: outcome("EADDRNOTAVAIL"),
    word: "no-address",
    says: "cannot be used (yet)",
  },
  {
    what: "strict rp_filter drops answers",
    given: {
      ...path({ acceptsReplies: false }),
      nicFacts: nicFactsOf(1),
      isReachedElsewhere: true,
    },
    word: "rp-filter",
    fix: ["sysctl -w net/ipv4/conf/ens6/rp_filter=2"],
  },
  {
    what: "strict rp_filter drops answers, and no other NIC reaches IMDS",
    given: { ...path({ acceptsReplies: false }), nicFacts: nicFactsOf(1) },
    word: "rp-filter",
    fix: ["ip route append 169.254.169.254 dev ens6"],
  },
  {
    what: "rp_filter drops answers because there is no route",
    given: path({ acceptsReplies: false, unboundRoute: { kind: "none" } }),
    word: "rp-filter",
    fix: ["ip route append 169.254.169.254 dev ens6"],
  },
  {
    what: "rp_filter drops answers because of a prohibit route",
    given: {
      ...path({ acceptsReplies: false, unboundRoute: { kind: "forbidden" } }),
      ...machine({ refusals: [prohibit], remaining: [{ ...remaining, nic: "ens6" }] }),
    },
    word: "prohibited",
    fix: ["ip route del prohibit 169.254.169.254"],
  },
  {
    what: "a prohibit route, and no other route",
    given: {
      ...path({ route: { kind: "forbidden" }, unboundRoute: { kind: "forbidden" } }),
      ...machine({ refusals: [prohibit] }),
    },
    word: "prohibited",
    fix: ["ip route del prohibit 169.254.169.254", "ip route append 169.254.169.254 dev ens6"],
  },
  {
    what: "systemd-imdsd needs the prohibit route",
    given: {
      ...path({ route: { kind: "forbidden" } }),
      ...machine({ refusals: [prohibit], hasImdsd: true }),
    },
    word: "prohibited",
    says: "systemd-imdsd protects IMDS",
  },
  { what: "EACCES has no known cause", given: outcome("EACCES"), word: "prohibited" },
  {
    what: "sending fails with EPERM",
    given: outcome("EPERM"),
    word: "firewall",
    says: "IPAddressDeny=",
  },
  {
    what: "a firewall refuses the connection with a TCP reset",
    given: {
      ...outcome("ECONNREFUSED"),
      ...machine({ firewall: [firewallChain("output", [drop])] }),
    },
    word: "firewall",
    fix: ["accept out"],
  },
  {
    what: "a firewall rule is not understood, and the neighbour is silent",
    given: {
      ...path({ neighbour: "failed" }),
      ...machine({
        firewall: [
          firewallChain("output", [
            { ...drop, conditions: [{ field: "other", isNegated: false, values: null }] },
          ]),
        ],
      }),
    },
    word: "no-neighbour",
    says: "169.254.169.254 does not answer ARP",
  },
  {
    what: "a firewall rule is not understood, and there is no other cause: no command",
    given: machine({
      firewall: [
        firewallChain("output", [
          { ...drop, conditions: [{ field: "other", isNegated: false, values: null }] },
        ]),
      ],
    }),
    word: "firewall",
    says: "perhaps drops",
  },
  {
    what: "the gateway is silent",
    given: path({
      neighbour: "failed",
      route: { kind: "route", gateway: "10.0.1.77", nic: "ens6" },
    }),
    word: "no-neighbour",
    fix: ["ip route append 169.254.169.254 dev ens6"],
  },
  {
    what: "EHOSTUNREACH without the ip program",
    given: { ...outcome("EHOSTUNREACH"), ...path({ route: null, neighbour: null }) },
    word: "no-neighbour",
  },
  {
    what: "there is no IPv6 route, but an advertised router",
    given: {
      ...ipv6,
      ...outcome("ENETUNREACH"),
      ...path({ route: { kind: "none" }, router: "fe80::7" }),
    },
    word: "no-route",
    fix: ["ip -6 route append fd00:ec2::254 via fe80::7 dev ens6 metric 2048"],
  },
  { what: "the NIC was removed", given: outcome("ENODEV"), word: "down" },
  {
    what: "the connection is refused, and the user is not root",
    given: { ...outcome("ECONNREFUSED"), ...machine({ firewall: null, uid: 1000 }) },
    word: "refused",
    says: "; ec2nic needs root to see whether a firewall blocks the connection",
  },
  {
    what: "the connection is refused, and root has neither nft nor iptables",
    given: { ...outcome("ECONNREFUSED"), ...machine({ firewall: null }) },
    word: "refused",
    says: "; ec2nic needs nft or iptables to see whether a firewall blocks the connection",
  },
  {
    what: "IMDS over IPv6 is not enabled",
    given: { ...ipv6, ...outcome("ETIMEDOUT") },
    word: "no-answer",
    says: "off unless it is enabled",
    fix: [`${aws} --http-protocol-ipv6 enabled`],
  },
  {
    what: "IMDS does not answer, and the NIC has exceeded its packet limit",
    given: { nicFacts: nicFactsOf(0, 1) },
    word: "no-answer",
    says: "ens6 has dropped 1 packet over its limit",
  },
];

/** The kernel's own route leads through the probed NIC, so that a fix needs no route. */
const ownRoute = path({ unboundRoute: { kind: "route", gateway: null, nic: "ens6" } });

describe("the verdict on a path", () => {
  for (const { what, given, word, says = "", fix = null } of cases) {
    test(`${what}: ${word}`, () => {
      const verdict = diagnoseImdsPath(pathEvidence({ ...ownRoute, ...given }));
      expect(verdict).toMatchObject({ word, fix: fix });
      expect(verdict.text).toContain(says);
    });
  }
});
