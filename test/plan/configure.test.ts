import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Eni } from "../../src/net/eni.ts";
import { configure } from "../../src/plan/configure.ts";
import { eniAt, familyOf, linkAt, noFamily } from "../support/nics.ts";

const configOf = (eni: Eni, isAlone = false) => configure([{ eni, link: null }], isAlone).nics[0];
const ipv6 = familyOf(["2001:db8::10", "2001:db8::11"], "2001:db8::/64");

// https://github.com/amazonlinux/amazon-ec2-net-utils/issues/97
test("the primary has neither routes nor rules, whatever it has of addresses and prefixes", () => {
  const ipv4 = familyOf(["10.0.0.10", "10.0.0.11"], "10.0.0.0/24", ["10.0.0.16/28"]);
  const nic = configOf(eniAt(0, { ipv4, ipv6 }));
  expect(nic).toMatchObject({ dhcp4: true, dhcp6: true, metric: 512, routes: [], rules: [] });
  expect(nic?.addresses).toEqual(["10.0.0.11/32", "2001:db8::11/128"]);
});

test("another ENI has its table, with the router at base + 1", () => {
  const nic = configOf(eniAt(3, { ipv4: familyOf(["10.0.3.40"], "10.0.3.32/28") }));
  expect(nic?.routes).toEqual([
    { family: 4, destination: "10.0.3.32/28", gateway: null, table: 10_003 },
    { family: 4, destination: "0.0.0.0/0", gateway: "10.0.3.33", table: 10_003 },
  ]);
  expect(nic?.rules).toEqual([
    {
      family: 4,
      from: "10.0.3.40/32",
      to: null,
      table: 10_003,
      priority: 10_003,
      ignoresDefault: false,
    },
  ]);
});

test("each address and each prefix of both families has its rule; the first come by DHCP", () => {
  const ipv4 = familyOf(["10.0.1.10", "10.0.1.11"], "10.0.1.0/24", ["10.0.1.32/28"]);
  const nic = configOf(eniAt(1, { ipv4, ipv6: { ...ipv6, prefixes: ["2001:db8::a:0:0/80"] } }));
  expect(nic?.rules.map(({ from }) => from)).toEqual([
    "10.0.1.10/32",
    "10.0.1.11/32",
    "10.0.1.32/28",
    "2001:db8::10/128",
    "2001:db8::11/128",
    "2001:db8::a:0:0/80",
  ]);
  expect(nic?.addresses).toEqual(["10.0.1.11/32", "2001:db8::11/128"]);
  expect(nic?.routes.filter(({ family }) => family === 6)).toEqual([
    { family: 6, destination: "2001:db8::/64", gateway: null, table: 10_001 },
    { family: 6, destination: "::/0", gateway: "fe80:ec2::1", table: 10_001 },
  ]);
});

test("IPv6 only: no DHCPv4, no IPv4 route", () => {
  const nic = configOf(eniAt(1, { ipv4: noFamily, ipv6 }));
  expect([nic?.dhcp4, nic?.dhcp6]).toEqual([false, true]);
  expect(nic?.routes.map(({ family }) => family)).toEqual([6, 6]);
});

test("a NIC that is alone has no rules, even if it is not the primary", () => {
  expect(configOf(eniAt(1), true)).toMatchObject({ routes: [], rules: [], metric: 513 });
});

test("another ENI's coming or going changes nothing for the rest", () => {
  const enis = [0, 1, 2, 3].map((number) => ({ eni: eniAt(number), link: linkAt(number) }));
  const all = configure(enis, false).nics;
  fc.assert(
    fc.property(fc.shuffledSubarray(enis, { minLength: 1 }), (some) => {
      for (const nic of configure(some, false).nics) expect(all).toContainEqual(nic);
    }),
  );
});

test("sorted by index, then MAC", () => {
  const nics = [eniAt(2), eniAt(1, { networkCard: 1 }), eniAt(0)].map((eni) => ({
    eni,
    link: null,
  }));
  expect(configure(nics, false).nics.map(({ index }) => index)).toEqual([0, 2, 101]);
});
