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
const unknown = where("other", null);

const cases: readonly {
  readonly what: string;
  readonly chains: readonly FirewallChain[];
  /** Whether the verdict is certain, and the fix; null: the packet passes. */
  readonly verdict: readonly [isCertain: boolean, fix: string] | null;
}[] = [
  { what: "a chain without rules", chains: [firewallChain("output", [])], verdict: null },
  {
    what: "a rule for the address alone, which is removed",
    chains: [firewallChain("output", [rule("drop", imds)])],
    verdict: [true, "remove 0"],
  },
  {
    what: "a rule for its network, before which an accept is inserted",
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
    what: "a range that ends before the address",
    chains: [firewallChain("output", [rule("drop", where("daddr", ["9.0.0.0-169.254.169.253"]))])],
    verdict: null,
  },
  {
    what: "a range of IPv6, which is not evaluated",
    chains: [firewallChain("output", [rule("drop", where("daddr", ["fd00::1-fd00::9"]))])],
    verdict: [false, "accept out"],
  },
  {
    what: "a rule for every other address",
    chains: [firewallChain("output", [rule("drop", where("daddr", ["169.254.169.254"], true))])],
    verdict: null,
  },
  {
    what: "a drop after an accept",
    chains: [firewallChain("output", [rule("accept", where("oif", ["ens*"])), rule("drop")])],
    verdict: null,
  },
  {
    what: "a drop after an accept that is not understood",
    chains: [firewallChain("output", [rule("accept", unknown), rule("drop")])],
    verdict: [false, "accept out"],
  },
  {
    what: "a reject after a drop that is not understood",
    chains: [firewallChain("output", [rule("drop", unknown), rule("reject", imds)])],
    verdict: [true, "accept out"],
  },
  {
    what: "a drop with a condition that is not understood",
    chains: [firewallChain("output", [rule("drop", imds, unknown)])],
    verdict: [false, "remove 0"],
  },
  {
    what: "a drop of other ports",
    chains: [firewallChain("output", [rule("drop", where("dport", ["1-79", "81-65535"]))])],
    verdict: null,
  },
  {
    what: "a drop for other users",
    chains: [firewallChain("output", [rule("drop", imds, where("uid", ["0"], true))])],
    verdict: null,
  },
  {
    what: "a policy that drops",
    chains: [
      firewallChain("output", [rule("accept", where("state", ["established"]))], {
        policy: "drop",
      }),
    ],
    verdict: [true, "accept out"],
  },
  {
    what: "a jump to a chain that returns",
    chains: [
      firewallChain("output", [jump("jump", "sub"), rule("drop", imds)]),
      firewallChain(null, [rule("return"), rule("drop")]),
    ],
    verdict: [true, "remove 1"],
  },
  {
    what: "a goto to a chain that does not return",
    chains: [
      firewallChain("output", [jump("goto", "sub"), rule("drop", imds)]),
      firewallChain(null, []),
    ],
    verdict: null,
  },
  {
    what: "a jump to a target that is no chain",
    chains: [firewallChain("output", [jump("jump", "LOG", unknown), rule("drop", imds)])],
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
    what: "a chain of another family",
    chains: [firewallChain("output", [rule("drop")], { families: ["ipv6"] })],
    verdict: null,
  },
  { what: "a chain for input", chains: [firewallChain("input", [rule("drop")])], verdict: null },
];

for (const { what, chains, verdict } of cases) {
  test(`${what}: ${verdict === null ? "passes" : "stops"}`, () => {
    const [found, ...more] = evaluateFirewall(chains, out);
    expect(found === undefined ? null : [found.isCertain, found.fix]).toEqual(
      verdict === null ? null : [...verdict],
    );
    expect(more).toEqual([]);
  });
}

test("of several chains that stop the packet, the certain one is first", () => {
  const chains = [
    firewallChain("output", [rule("drop", unknown)]),
    firewallChain("postrouting", [rule("reject", imds)]),
  ];
  expect(evaluateFirewall(chains, out)).toMatchObject([
    { isCertain: true, chain: "t postrouting", how: "rejects", fix: "remove 0" },
    { isCertain: false, chain: "t output" },
  ]);
});

test("all fixes that are necessary are returned, in order", () => {
  const wide = rule("drop", where("daddr", ["169.254.0.0/16"]));
  const chains = [
    firewallChain("output", [rule("drop", imds), rule("accept", unknown, imds), wide]),
    firewallChain("postrouting", [rule("drop", unknown), rule("drop", imds)]),
  ];
  const fixes = evaluateFirewall(chains, out).map(({ isCertain, fix }) => [isCertain, fix]);
  expect(fixes).toEqual([
    [true, "remove 0"],
    [true, "accept out"],
    [false, "accept out"],
  ]);
});
