import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Eni } from "../../../../src/model/eni.ts";
import type { Route, RoutingPolicyRule } from "../../../../src/model/network-config.ts";
import { configure } from "../../../../src/plan/config/configure.ts";
import { eniAt, familyOf, linkAt, noFamily } from "../../../kit/facts/nics.ts";

const configOf = (eni: Eni, isAlone = false) => configure([{ eni, link: null }], isAlone).nics[0];
const ipv6 = familyOf(["2001:db8::10", "2001:db8::11"], "2001:db8::/64");

// https://github.com/amazonlinux/amazon-ec2-net-utils/issues/97
test("the primary has neither routes nor rules, with any addresses and prefixes", () => {
  const ipv4 = familyOf(["10.0.0.10", "10.0.0.11"], "10.0.0.0/24", ["10.0.0.16/28"]);
  const nic = configOf(eniAt(0, { ipv4, ipv6 }));
  expect(nic).toMatchObject({ dhcp4: true, dhcp6: true, metric: 512, routes: [], rules: [] });
  expect(nic?.addresses).toEqual(["10.0.0.11/32", "2001:db8::11/128"]);
});

const ruleText = ({ from, to, table, priority, ignoresDefault }: RoutingPolicyRule) => {
  const suppressed = ignoresDefault ? " suppress_prefixlength 0" : "";
  return `${priority}: from ${from}${to === null ? "" : ` to ${to}`} lookup ${table}${suppressed}`;
};

test("another ENI has its own table, with the router at base + 1", () => {
  const nic = configOf(eniAt(3, { ipv4: familyOf(["10.0.3.40"], "10.0.3.32/28") }));
  const onLink = { family: 4, prefersAdvertised: false, table: 10_003 } as const;
  expect(nic?.routes).toEqual([
    { ...onLink, destination: "10.0.3.32/28", gateway: null },
    { ...onLink, destination: "0.0.0.0/0", gateway: "10.0.3.33" },
  ]);
});

// https://github.com/canonical/cloud-init/issues/5249
test("a source uses its own table for the VPC, then main without its default, then its own table", () => {
  const vpcCidrs = ["10.0.0.0/16", "100.64.0.0/16"];
  const nic = configOf(eniAt(3, { ipv4: { ...eniAt(3).ipv4, vpcCidrs } }));
  expect(nic?.rules.map(ruleText)).toEqual([
    "2003: from 10.0.3.10/32 to 10.0.0.0/16 lookup 10003",
    "2003: from 10.0.3.10/32 to 100.64.0.0/16 lookup 10003",
    "2003: from 10.0.3.10/32 to 169.254.168.0/22 lookup 10003",
    "6003: from 10.0.3.10/32 lookup 254 suppress_prefixlength 0",
    "10003: from 10.0.3.10/32 lookup 10003",
  ]);
});

test("without VPC networks the rules have the ENI's subnets, in both families", () => {
  const nic = configOf(eniAt(1, { ipv6 }));
  expect(nic?.rules.filter(({ to }) => to !== null).map(ruleText)).toEqual([
    "2001: from 10.0.1.10/32 to 10.0.1.0/24 lookup 10001",
    "2001: from 10.0.1.10/32 to 169.254.168.0/22 lookup 10001",
    ...["2001:db8::10/128", "2001:db8::11/128"].flatMap((from) => [
      `2001: from ${from} to 2001:db8::/64 lookup 10001`,
      `2001: from ${from} to fd00:ec2::/32 lookup 10001`,
    ]),
  ]);
});

test("each address and prefix of both families has its rules; the first address comes by DHCP", () => {
  const ipv4 = familyOf(["10.0.1.10", "10.0.1.11"], "10.0.1.0/24", ["10.0.1.32/28"]);
  const nic = configOf(eniAt(1, { ipv4, ipv6: { ...ipv6, prefixes: ["2001:db8::a:0:0/80"] } }));
  for (const priority of [6001, 10_001]) {
    const rules = nic?.rules.filter((rule) => rule.priority === priority);
    expect(rules?.map(({ from }) => from)).toEqual([
      "10.0.1.10/32",
      "10.0.1.11/32",
      "10.0.1.32/28",
      "2001:db8::10/128",
      "2001:db8::11/128",
      "2001:db8::a:0:0/80",
    ]);
  }
  expect(nic?.leased).toEqual(["10.0.1.10", "2001:db8::10"]);
  expect(nic?.addresses).toEqual(["10.0.1.11/32", "2001:db8::11/128"]);
  const onLink = { family: 6, prefersAdvertised: false, table: 10_001 };
  const byRouter = { ...onLink, prefersAdvertised: true };
  expect(nic?.routes.filter(({ family }) => family === 6)).toEqual([
    { ...onLink, destination: "2001:db8::/64", gateway: null },
    { ...byRouter, destination: "::/0", gateway: "fe80:ec2::1" },
  ] as Route[]);
});

test("an IPv6-only NIC has neither DHCPv4 nor an IPv4 route", () => {
  const nic = configOf(eniAt(1, { ipv4: noFamily, ipv6 }));
  expect([nic?.dhcp4, nic?.dhcp6]).toEqual([false, true]);
  expect(nic?.routes.map(({ family }) => family)).toEqual([6, 6]);
});

test("the only NIC has no rules, even if it is not the primary", () => {
  expect(configOf(eniAt(1), true)).toMatchObject({ routes: [], rules: [], metric: 513 });
});

test("an added or removed ENI does not change the others", () => {
  const enis = [0, 1, 2, 3].map((number) => ({ eni: eniAt(number), link: linkAt(number) }));
  const all = configure(enis, false).nics;
  fc.assert(
    fc.property(fc.shuffledSubarray(enis, { minLength: 1 }), (some) => {
      for (const nic of configure(some, false).nics) expect(all).toContainEqual(nic);
    }),
  );
});

test("NICs are sorted by index, then MAC", () => {
  const nics = [eniAt(2), eniAt(1, { networkCard: 1 }), eniAt(0)].map((eni) => ({
    eni,
    link: null,
  }));
  expect(configure(nics, false).nics.map(({ index }) => index)).toEqual([0, 2, 101]);
});
