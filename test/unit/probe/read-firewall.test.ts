import { describe, expect, test } from "bun:test";
import { readFirewall } from "../../../src/probe/read-firewall.ts";
import type { FirewallChain, FirewallCondition } from "../../../src/model/firewall.ts";
import { ipv6Answer } from "../../kit/facts/path-evidence.ts";

type Field = FirewallCondition["field"];
type Outputs = Readonly<Record<string, string>>;

/** The chains read from the output of these programs; all other programs are not installed. */
const read = (outputs: Outputs) =>
  readFirewall({
    exec: async ([program = ""]) => {
      const stdout = outputs[program];
      const code = stdout === undefined ? 127 : 0;
      return { code, isStarted: code === 0, stdout: stdout ?? "", stderr: "" };
    },
  });

const plain = (chains: readonly FirewallChain[] | null) =>
  (chains ?? []).map(({ name, hook, policy, rules }) => ({ name, hook, policy, rules }));

const when = (field: Field, values: readonly string[] | null, isNegated = false) => ({
  field,
  values,
  isNegated,
});

test("without a program the firewall is null, which differs from an empty one", async () => {
  expect(await read({})).toBeNull();
  expect(await read({ nft: '{"nftables": []}' })).toEqual([]);
});

describe("nft -j list ruleset", () => {
  const inT = { family: "inet", table: "t" };
  const base = { ...inT, name: "c", type: "filter", hook: "output", prio: 0, policy: "drop" };
  const set = {
    ...inT,
    name: "s",
    elem: ["1.2.3.4", { prefix: { addr: "169.254.0.0", len: 16 } }],
  };
  const rulesOf = async (...expr: readonly object[]) => {
    const nftables = [
      { metainfo: { version: "1.0.6" } },
      { chain: base },
      { set },
      { rule: { ...inT, chain: "c", handle: 7, expr } },
    ];
    const [chain] = (await read({ nft: JSON.stringify({ nftables }) })) ?? [];
    return chain?.rules.map(({ conditions, action }) => [conditions, action]);
  };
  const daddr = { payload: { protocol: "ip", field: "daddr" } };
  const match = (left: object, right: unknown, op = "==") => ({ match: { op, left, right } });
  const drop = { drop: null };

  test("a chain has its policy and its rules, a rule the command that removes it", async () => {
    const nftables = [
      { chain: base },
      { rule: { ...inT, chain: "c", handle: 7, expr: [match(daddr, "169.254.169.254"), drop] } },
      { chain: { ...base, name: "n", type: "nat" } },
      { chain: { ...base, family: "bridge" } },
    ];
    const chains = await read({ nft: JSON.stringify({ nftables }) });
    expect(chains?.[0]?.accept(ipv6Answer)).toBe(
      "nft insert rule inet t c ip6 saddr fd00:ec2::254 tcp sport 80 accept",
    );
    expect(plain(chains)).toEqual([
      {
        name: "inet t c",
        hook: "output",
        policy: "drop",
        rules: [
          {
            conditions: [{ field: "daddr", values: ["169.254.169.254"], isNegated: false }],
            action: { kind: "drop" },
            remove: "nft delete rule inet t c handle 7",
          },
        ],
      },
    ]);
  });

  test("networks, ranges, sets and named sets are conditions", async () => {
    const prefix = { prefix: { addr: "169.254.0.0", len: 16 } };
    const dport = { payload: { protocol: "tcp", field: "dport" } };
    const matches = [
      match(daddr, prefix),
      match(daddr, { range: ["10.0.0.1", "10.0.0.5"] }, "!="),
      match(dport, { set: [80, { range: [8000, 8080] }, { elem: { val: 443 } }] }),
      match(daddr, "@s"),
      match(daddr, "@gone"),
    ];
    expect(await rulesOf(...matches, drop)).toEqual([
      [
        [
          when("daddr", ["169.254.0.0/16"]),
          when("daddr", ["10.0.0.1-10.0.0.5"], true),
          when("dport", ["80", "8000-8080", "443"]),
          when("daddr", ["1.2.3.4", "169.254.0.0/16"]),
          when("other", null),
        ],
        { kind: "drop" },
      ],
    ]);
  });

  test("counters and comments are no conditions, limits and matches of iptables are", async () => {
    const counter = { counter: { packets: 0, bytes: 0 } };
    const comment = { xt: { type: "match", name: "comment" } };
    const owner = { xt: { type: "match", name: "owner" } };
    const reject = { xt: { type: "target", name: "REJECT" } };
    expect(await rulesOf(counter, comment, reject)).toEqual([[[], { kind: "reject" }]]);
    expect(await rulesOf(owner, { limit: { rate: 1, per: "second" } }, drop)).toEqual([
      [[when("other", null), when("other", null)], { kind: "drop" }],
    ]);
  });

  test("a verdict map has one rule per entry", async () => {
    const state = { ct: { key: "state" } };
    const data = {
      set: [
        ["invalid", drop],
        ["new", { jump: { target: "d" } }],
      ],
    };
    expect(await rulesOf({ vmap: { key: state, data } })).toEqual([
      [[when("state", ["invalid"])], { kind: "drop" }],
      [[when("state", ["new"])], { kind: "jump", target: "inet t d" }],
    ]);
  });

  const left = (kind: string, key: string) =>
    kind === "meta" || kind === "ct"
      ? { [kind]: { key } }
      : { payload: { protocol: kind, field: key } };
  test.each<[string, Field]>([
    ["ip saddr", "saddr"],
    ["ip6 daddr", "daddr"],
    ["ip6 saddr", "saddr"],
    ["ip protocol", "protocol"],
    ["ip6 nexthdr", "protocol"],
    ["th dport", "dport"],
    ["tcp sport", "sport"],
    ["th sport", "sport"],
    ["meta oifname", "oif"],
    ["meta oif", "oif"],
    ["meta iifname", "iif"],
    ["meta iif", "iif"],
    ["meta l4proto", "protocol"],
    ["meta nfproto", "family"],
    ["meta skuid", "uid"],
    ["ct state", "state"],
  ])("a match of %s is a condition on %s", async (words, field) => {
    const [kind = "", key = ""] = words.split(" ");
    expect(await rulesOf(match(left(kind, key), 7), drop)).toEqual([
      [[when(field, ["7"])], { kind: "drop" }],
    ]);
  });

  test("a match with another operator is not understood", async () => {
    expect(await rulesOf(match(daddr, "1.2.3.4", "<"), drop)).toEqual([
      [[when("other", null)], { kind: "drop" }],
    ]);
  });

  test("a rule without a verdict is left out", async () => {
    expect(await rulesOf(match(daddr, "1.2.3.4"), { counter: null })).toEqual([]);
  });
});
