import { expect, test } from "bun:test";
import type {
  FirewallChain,
  FirewallCondition,
  FirewallPacket,
} from "../../../../src/model/firewall.ts";
import { evaluateFirewall } from "../../../../src/probe/firewall/evaluate.ts";
import { firewallChain } from "../../../kit/facts/path-evidence.ts";

const out: FirewallPacket = {
  direction: "out",
  values: {
    daddr: "169.254.169.254",
    saddr: "10.0.1.10",
    dport: "80",
    sport: "45678",
    oif: "ens6",
    iif: "none",
    protocol: "tcp",
    family: "ipv4",
    uid: "0",
    state: "new",
  },
};

const where = (
  field: FirewallCondition["field"],
  values: readonly string[] | null,
  isNegated = false,
): FirewallCondition => ({ field, values, isNegated });
const rule = (
  kind: "accept" | "drop" | "reject" | "return",
  ...conditions: FirewallCondition[]
) => ({
  conditions,
  action: { kind },
});
const jump = (kind: "jump" | "goto", target: string, ...conditions: FirewallCondition[]) => ({
  conditions,
  action: { kind, target },
});
const imds = where("daddr", ["169.254.169.254/32"]);
const riddle = where("other", null);

const cases: readonly {
  readonly what: string;
  readonly chains: readonly FirewallChain[];
  /** Whether it is sure, and what mends; null: it passes. */
  readonly verdict: readonly [isSure: boolean, fix: string] | null;
}[] = [
  { what: "no rule", chains: [firewallChain("output", [])], verdict: null },
  {
    what: "a rule for the address alone is taken away",
    chains: [firewallChain("output", [rule("drop", imds)])],
    verdict: [true, "remove 0"],
  },
  {
    what: "a rule for its network is passed by",
    chains: [firewallChain("output", [rule("drop", where("daddr", ["169.254.0.0/16"]))])],
    verdict: [true, "accept out"],
  },
  {
    what: "a range of addresses",
    chains: [
      firewallChain("output", [rule("drop", where("daddr", ["169.254.0.0-169.254.200.0"]))]),
    ],
    verdict: [true, "accept out"],
  },
  {
    what: "a range that ends before",
    chains: [firewallChain("output", [rule("drop", where("daddr", ["9.0.0.0-169.254.169.253"]))])],
    verdict: null,
  },
  {
    what: "a range of IPv6, which is not judged",
    chains: [firewallChain("output", [rule("drop", where("daddr", ["fd00::1-fd00::9"]))])],
    verdict: [false, "accept out"],
  },
  {
    what: "every address but IMDS's",
    chains: [firewallChain("output", [rule("drop", where("daddr", ["169.254.169.254"], true))])],
    verdict: null,
  },
  {
    what: "what is accepted first",
    chains: [firewallChain("output", [rule("accept", where("oif", ["ens*"])), rule("drop")])],
    verdict: null,
  },
  {
    what: "what may be accepted first",
    chains: [firewallChain("output", [rule("accept", riddle), rule("drop")])],
    verdict: [false, "accept out"],
  },
  {
    what: "what may be dropped, and then surely is",
    chains: [firewallChain("output", [rule("drop", riddle), rule("reject", imds)])],
    verdict: [true, "remove 1"],
  },
  {
    what: "what may be dropped",
    chains: [firewallChain("output", [rule("drop", imds, riddle)])],
    verdict: [false, "remove 0"],
  },
  {
    what: "ports",
    chains: [firewallChain("output", [rule("drop", where("dport", ["1-79", "81-65535"]))])],
    verdict: null,
  },
  {
    what: "users",
    chains: [firewallChain("output", [rule("drop", imds, where("uid", ["0"], true))])],
    verdict: null,
  },
  {
    what: "a policy",
    chains: [
      firewallChain("output", [rule("accept", where("state", ["established"]))], {
        policy: "drop",
      }),
    ],
    verdict: [true, "accept out"],
  },
  {
    what: "a chain that is jumped to, and returns",
    chains: [
      firewallChain("output", [jump("jump", "sub"), rule("drop", imds)]),
      firewallChain(null, [rule("return"), rule("drop")]),
    ],
    verdict: [true, "remove 1"],
  },
  {
    what: "a chain that is gone to, and does not come back",
    chains: [
      firewallChain("output", [jump("goto", "sub"), rule("drop", imds)]),
      firewallChain(null, []),
    ],
    verdict: null,
  },
  {
    what: "a target that is no chain",
    chains: [firewallChain("output", [jump("jump", "LOG", riddle), rule("drop", imds)])],
    verdict: [true, "remove 1"],
  },
  {
    what: "chains that jump to each other",
    chains: [
      firewallChain("output", [jump("jump", "sub"), rule("drop", imds)]),
      firewallChain(null, [jump("jump", "sub")]),
    ],
    verdict: [true, "remove 1"],
  },
  {
    what: "another family's chain",
    chains: [firewallChain("output", [rule("drop")], { families: ["ipv6"] })],
    verdict: null,
  },
  { what: "what comes in", chains: [firewallChain("input", [rule("drop")])], verdict: null },
];

for (const { what, chains, verdict } of cases) {
  test(`${what}: ${verdict === null ? "passes" : "stops"}`, () => {
    const culprit = evaluateFirewall(chains, out);
    expect(culprit === null ? null : [culprit.isCertain, culprit.fix]).toEqual(
      verdict === null ? null : [...verdict],
    );
  });
}

test("of several that stop it, the certain one is named", () => {
  const chains = [
    firewallChain("output", [rule("drop", riddle)]),
    firewallChain("postrouting", [rule("reject", imds)]),
  ];
  expect(evaluateFirewall(chains, out)).toEqual({
    isCertain: true,
    chain: "t postrouting",
    how: "rejects",
    fix: "remove 0",
  });
});
