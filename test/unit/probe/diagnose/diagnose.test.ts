import { describe, expect, test } from "bun:test";
import type { MachineFacts, PathFacts, VerdictWord } from "../../../../src/model/probe.ts";
import { diagnoseImdsPath } from "../../../../src/probe/diagnose/diagnose.ts";
import type { PathEvidence } from "../../../../src/probe/diagnose/evidence.ts";
import {
  firewallChain,
  pathEvidence,
  linkStateAt,
  probeOf,
} from "../../../kit/facts/path-evidence.ts";

const usual = pathEvidence();
const path = (changes: Partial<PathFacts>) => ({ pathFacts: { ...usual.pathFacts, ...changes } });
const machine = (changes: Partial<MachineFacts>) => ({ machine: { ...usual.machine, ...changes } });
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
const aws = "aws ec2 modify-instance-metadata-options --instance-id i-0123456789abcdef0";

const cases: readonly {
  readonly what: string;
  readonly given: Partial<PathEvidence>;
  readonly word: VerdictWord;
  readonly says?: string;
  readonly fix?: readonly string[];
}[] = [
  { what: "an answer", given: answer("ok", { read: "ok" }), word: "reached", says: "in 3 ms" },
  {
    what: "a NIC that is down, whatever else",
    given: { link: linkStateAt(1, { isUp: false, hasCarrier: false }), probe: probeOf({}) },
    word: "down",
    fix: ["ip link set dev ens6 up"],
  },
  {
    what: "no carrier",
    given: { link: linkStateAt(1, { hasCarrier: false }), probe: probeOf({}) },
    word: "no-carrier",
  },
  {
    what: "no address, and nobody knows a client",
    given: { source: null, probe: probeOf({}) },
    word: "no-address",
    fix: ["ec2nic activate --dhcp"],
  },
  {
    what: "no address, and a client",
    given: { source: null, probe: probeOf({}), ...machine({ dhcpClient: ["dhclient"] }) },
    word: "no-address",
    fix: ["dhclient ens6"],
  },
  {
    what: "no address, and another NIC that reaches IMDS",
    given: { source: null, probe: probeOf({}), isReachedElsewhere: true },
    word: "no-address",
    fix: ["ec2nic activate"],
  },
  {
    what: "only a link-local IPv6 address",
    given: { ...ipv6, source: "fe80::1", ...outcome("ENETUNREACH") },
    word: "no-address",
    says: "no IPv6 address",
  },
  {
    what: "an address that is not usable yet",
    given: outcome("EADDRNOTAVAIL"),
    word: "no-address",
    says: "cannot be used (yet)",
  },
  {
    what: "answers that are dropped, strictly",
    given: { ...path({ acceptsReplies: false }), nicFacts: { rpFilter: 1, exceeded: null } },
    word: "rp-filter",
    fix: ["sysctl -w net/ipv4/conf/ens6/rp_filter=2"],
  },
  {
    what: "answers that are dropped, and no route",
    given: path({ acceptsReplies: false, unboundRoute: { kind: "none" } }),
    word: "rp-filter",
    fix: ["ip route append 169.254.169.254 dev ens6"],
  },
  {
    what: "answers that are dropped for a prohibit route",
    given: {
      ...path({ acceptsReplies: false, unboundRoute: { kind: "forbidden" } }),
      ...machine({ refusals: [prohibit] }),
    },
    word: "prohibited",
    fix: ["ip route del prohibit 169.254.169.254"],
  },
  {
    what: "a prohibit route that systemd-imdsd needs",
    given: {
      ...path({ route: { kind: "forbidden" } }),
      ...machine({ refusals: [prohibit], hasImdsd: true }),
    },
    word: "prohibited",
    says: "systemd-imdsd protects IMDS",
  },
  { what: "EACCES from nobody knows where", given: outcome("EACCES"), word: "prohibited" },
  {
    what: "EPERM",
    given: outcome("EPERM"),
    word: "firewall",
    says: "IPAddressDeny=",
  },
  {
    what: "a firewall that refuses in IMDS's name",
    given: {
      ...outcome("ECONNREFUSED"),
      ...machine({ firewall: [firewallChain("output", [drop])] }),
    },
    word: "firewall",
    fix: ["accept out"],
  },
  {
    what: "a firewall that cannot be judged, and a neighbour that is silent: the neighbour",
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
    what: "a firewall that cannot be judged, and nothing else",
    given: machine({
      firewall: [
        firewallChain("output", [
          { ...drop, conditions: [{ field: "other", isNegated: false, values: null }] },
        ]),
      ],
    }),
    word: "firewall",
    says: "perhaps drops",
    fix: ["accept out"],
  },
  {
    what: "a silent gateway",
    given: path({
      neighbour: "failed",
      route: { kind: "route", gateway: "10.0.1.1", nic: "ens6" },
    }),
    word: "no-neighbour",
    fix: ["ip route append 169.254.169.254 dev ens6"],
  },
  {
    what: "EHOSTUNREACH where there is no ip to ask",
    given: { ...outcome("EHOSTUNREACH"), ...path({ route: null, neighbour: null }) },
    word: "no-neighbour",
  },
  {
    what: "no IPv6 route, and the router that RA has brought",
    given: {
      ...ipv6,
      ...outcome("ENETUNREACH"),
      ...path({ route: { kind: "none" }, router: "fe80::7" }),
    },
    word: "no-route",
    fix: ["ip -6 route append fd00:ec2::254 via fe80::7 dev ens6 metric 2048"],
  },
  { what: "a NIC that has gone meanwhile", given: outcome("ENODEV"), word: "down" },
  {
    what: "a refusal, seen by somebody who is not root",
    given: { ...outcome("ECONNREFUSED"), ...machine({ firewall: null, uid: 1000 }) },
    word: "refused",
    says: "; ec2nic needs root to see whether a firewall blocks it",
  },
  {
    what: "a refusal, where root has neither nft nor iptables",
    given: { ...outcome("ECONNREFUSED"), ...machine({ firewall: null }) },
    word: "refused",
    says: "; ec2nic needs nft or iptables to see whether a firewall blocks it",
  },
  {
    what: "IMDS over IPv6 that is not enabled",
    given: { ...ipv6, ...outcome("ETIMEDOUT") },
    word: "no-answer",
    says: "off unless it is enabled",
    fix: [`${aws} --http-protocol-ipv6 enabled`],
  },
  {
    what: "silence where the NIC has sent too much",
    given: { nicFacts: { rpFilter: 0, exceeded: 1 } },
    word: "no-answer",
    says: "ens6 has dropped 1 packet over its limit",
  },
  {
    what: "a PUT that is silent, and a GET that is not",
    given: answer("silent", { invalidToken: "401" }),
    word: "hop-limit",
    fix: [`${aws} --http-put-response-hop-limit 2`],
  },
  { what: "all silent", given: answer("silent", { invalidToken: "silent" }), word: "silent" },
  { what: "a token, and then silence", given: answer("ok", { read: "silent" }), word: "silent" },
  {
    what: "403",
    given: { ...answer("403"), ...machine({ instanceId: null }) },
    word: "switched-off",
    fix: [
      "aws ec2 modify-instance-metadata-options --instance-id INSTANCE_ID --http-endpoint enabled",
    ],
  },
  { what: "429", given: answer("429"), word: "throttled", says: "429, 3 times in a row" },
  { what: "503 for the reading", given: answer("ok", { read: "503" }), word: "throttled" },
  { what: "500", given: answer("500"), word: "service-error" },
  { what: "a cut connection", given: answer("ECONNRESET"), word: "service-error" },
  { what: "404 for a token", given: answer("404"), word: "not-imds", says: "it answers with 404" },
  { what: "a login page", given: answer("no-token"), word: "not-imds" },
  {
    what: "a path that breaks behind the connection",
    given: answer("ETIMEDOUT"),
    word: "no-answer",
  },
];

describe("a way", () => {
  for (const { what, given, word, says = "", fix = null } of cases) {
    test(`${what}: ${word}`, () => {
      const verdict = diagnoseImdsPath(pathEvidence(given));
      expect(verdict).toMatchObject({ word, fix: fix });
      expect(verdict.text).toContain(says);
    });
  }
});
