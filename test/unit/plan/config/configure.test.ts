import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Eni } from "../../../../src/model/eni.ts";
import type { RuleStyle } from "../../../../src/model/network-config.ts";
import { configure } from "../../../../src/plan/config/configure.ts";
import { describeRule } from "../../../../src/plan/drift/rules.ts";
import { eniAt, familyOf, linkAt, noFamily } from "../../../kit/facts/nics.ts";

const configOf = (eni: Eni, ruleStyle: RuleStyle = "group") =>
  configure([{ eni, link: null }], { ruleStyle }).nics[0] ?? expect.unreachable();
const rulesOf = (eni: Eni, style: RuleStyle) => configOf(eni, style).rules.map(describeRule);
const routesOf = (eni: Eni, style: RuleStyle) =>
  configOf(eni, style).routes.map(({ type, destination, gateway, table }) =>
    [
      table,
      ...(type === "throw" ? [type] : []),
      destination,
      ...(gateway === null ? [] : [gateway]),
    ].join(" "),
  );
const styles = ["group", "prefix"] as const;

const ipv4 = {
  ...familyOf(["10.0.3.10", "10.0.3.11"], "10.0.3.0/24", ["10.0.3.64/28"]),
  vpcCidrs: ["10.0.0.0/16", "100.64.0.0/16"],
};
const ipv6 = {
  ...familyOf(["2001:db8:3::10"], "2001:db8:3::/64", ["2001:db8:3:a::/80"]),
  vpcCidrs: ["2001:db8::/32"],
};
const sources = ["10.0.3.10", "10.0.3.11", "10.0.3.64/28", "2001:db8:3::10", "2001:db8:3:a::/80"];
const widest = (source: string) => (source.includes(":") ? 4 : 1);

describe("a secondary ENI", () => {
  const second = eniAt(3, { ipv4, ipv6 });

  test("with link groups, each source uses main without ENIs, then its own table", () => {
    expect(rulesOf(second, "group")).toEqual(
      sources.flatMap((source) => [
        `rule 2703 from ${source} lookup main suppress_prefixlength ${widest(source)} suppress_ifgroup 10000`,
        `rule 3803 from ${source} lookup 10003`,
      ]),
    );
    expect(routesOf(second, "group")).toEqual([
      "10003 10.0.3.0/24",
      "10003 0.0.0.0/0 10.0.3.1",
      "10003 2001:db8:3::/64",
      "10003 fe80::/64",
      "10003 ::/0 fe80:ec2::1",
    ]);
  });

  // https://github.com/canonical/cloud-init/issues/5249
  test("by prefix, each source uses its table without default, then main, then its table", () => {
    expect(rulesOf(second, "prefix")).toEqual(
      sources.flatMap((source) => [
        `rule 1603 from ${source} lookup 10003 suppress_prefixlength 0`,
        `rule 2703 from ${source} lookup main suppress_prefixlength ${widest(source)}`,
        `rule 3803 from ${source} lookup 10003`,
      ]),
    );
    expect(routesOf(second, "prefix")).toEqual([
      "10003 10.0.3.0/24",
      "10003 10.0.0.0/16 10.0.3.1",
      "10003 100.64.0.0/16 10.0.3.1",
      "10003 169.254.168.0/22 10.0.3.1",
      "10003 throw 10.0.3.64/28",
      "10003 0.0.0.0/0 10.0.3.1",
      "10003 2001:db8:3::/64",
      "10003 2001:db8::/32 fe80:ec2::1",
      "10003 fd00:ec2::/32 fe80:ec2::1",
      "10003 throw 2001:db8:3:a::/80",
      "10003 ::/0 fe80:ec2::1",
    ]);
  });

  test("has at most three rules for a source, with any number of VPC networks", () => {
    const vpcCidrs = Array.from({ length: 50 }, (_, at) => `10.${at}.0.0/16`);
    const eni = eniAt(3, { ipv4: { ...ipv4, vpcCidrs } });
    for (const style of styles) {
      const counts = Map.groupBy(configOf(eni, style).rules, ({ from }) => from).values();
      expect(Math.max(...[...counts].map((rules) => rules.length))).toBeLessThanOrEqual(3);
    }
  });

  // A nexthop object of networkd 257 must not be shared by routes of different prefix lengths.
  test.each(styles)("%s: only the IPv6 default route prefers the advertised router", (style) => {
    const { routes } = configOf(second, style);
    const preferring = routes.filter(({ prefersAdvertised }) => prefersAdvertised);
    expect(preferring.map(({ destination }) => destination)).toEqual(["::/0"]);
  });

  test("has the first address by DHCP and the others as hosts", () => {
    const nic = configOf(second);
    expect(nic.leased).toEqual(["10.0.3.10", "2001:db8:3::10"]);
    expect(nic.addresses).toEqual(["10.0.3.11/32"]);
  });
});

// https://github.com/amazonlinux/amazon-ec2-net-utils/issues/97 (rules broke containers)
// https://github.com/amazonlinux/amazon-ec2-net-utils/issues/174 (another ENI's subnet)
describe("the primary", () => {
  const primary = eniAt(0, { ipv4, ipv6 });

  test("uses its table only for the VPC, and main for bridges and for all other packets", () => {
    expect(rulesOf(primary, "group")).toEqual(
      sources.flatMap((source) => [
        `rule 2700 from ${source} lookup main suppress_ifgroup 10000`,
        `rule 3800 from ${source} lookup 10000`,
      ]),
    );
    expect(rulesOf(primary, "prefix")).toEqual(
      sources.map((source) => `rule 3800 from ${source} lookup 10000`),
    );
    expect(routesOf(primary, "group")).toEqual([
      "10000 10.0.3.0/24",
      "10000 10.0.0.0/16 10.0.3.1",
      "10000 100.64.0.0/16 10.0.3.1",
      "10000 2001:db8:3::/64",
      "10000 2001:db8::/32 fe80:ec2::1",
    ]);
    expect(routesOf(primary, "prefix")).toEqual([
      "10000 10.0.3.0/24",
      "10000 10.0.0.0/16 10.0.3.1",
      "10000 100.64.0.0/16 10.0.3.1",
      "10000 throw 10.0.3.64/28",
      "10000 2001:db8:3::/64",
      "10000 2001:db8::/32 fe80:ec2::1",
      "10000 throw 2001:db8:3:a::/80",
    ]);
  });

  // https://github.com/aws/amazon-vpc-cni-k8s/issues/3753
  test("has the numbers of device 0 with any device number", () => {
    expect(configOf({ ...primary, deviceNumber: 1 })).toEqual(configOf(primary));
  });

  test("has no route to a VPC network that is its own subnet", () => {
    const own = { ...familyOf(["10.0.0.10"], "10.0.0.0/16"), vpcCidrs: ["10.0.0.0/16"] };
    expect(routesOf(eniAt(0, { ipv4: own }), "group")).toEqual(["10000 10.0.0.0/16"]);
  });
});

test("an IPv6-only NIC has no IPv4 route and no IPv4 rule", () => {
  const nic = configOf(eniAt(1, { ipv4: noFamily, ipv6 }));
  expect(new Set(nic.rules.map(({ family }) => family))).toEqual(new Set([6]));
  expect(new Set(nic.routes.map(({ family }) => family))).toEqual(new Set([6]));
});

test("only secondary ENIs lose their default route in main by the policy", () => {
  const nics = [eniAt(0), eniAt(1)].map((eni) => ({ eni, link: null }));
  const settings = { ruleStyle: "group", hasSecondaryDefaults: false } as const;
  const config = configure(nics, settings).nics;
  expect(config.map(({ hasMainDefault }) => hasMainDefault)).toEqual([true, false]);
  expect(config[1]?.routes.at(-1)).toMatchObject({ destination: "0.0.0.0/0", table: 10_001 });
});

test("links are in a group only if the rules need it", () => {
  expect(styles.map((style) => configOf(eniAt(1), style).linkGroup)).toEqual([10_000, null]);
});

test("an added or removed ENI does not change the others", () => {
  const enis = [0, 1, 2, 3].map((number) => ({ eni: eniAt(number), link: linkAt(number) }));
  const some = fc.shuffledSubarray(enis, { minLength: 1 });
  fc.assert(
    fc.property(some, fc.constantFrom(...styles), (chosen, ruleStyle) => {
      const all = configure(enis, { ruleStyle }).nics;
      for (const nic of configure(chosen, { ruleStyle }).nics) expect(all).toContainEqual(nic);
    }),
  );
});

test("NICs are sorted by index, then MAC", () => {
  const enis = [eniAt(2), eniAt(1, { networkCard: 1 }), eniAt(0)];
  const nics = enis.map((eni) => ({ eni, link: null }));
  const config = configure(nics, { ruleStyle: "group" });
  expect(config.nics.map(({ index }) => index)).toEqual([0, 2, 101]);
});
