import { describe, expect, test } from "bun:test";
import { type ParsedEnis, parseEnis } from "../../../src/eni/parse-enis.ts";
import { other, otherMac, primary, primaryMac, treeOf, withOther } from "../../kit/facts/trees.ts";

const dual = {
  ipv6s: ["2001:db8:1::9", "2001:db8:1::10"],
  "subnet-ipv6-cidr-blocks": ["2001:db8:1:0:0:0:0:0/64"],
  "ipv4-prefix": ["10.0.1.32/28"],
  "vpc-ipv4-cidr-blocks": ["10.0.0.0/16"],
};

/** The second ENI in one line, or why it is left out; and what contradicts what. */
function describeOther({ enis, incomplete, problems }: ParsedEnis): readonly string[] {
  const eni = enis.find(({ mac }) => mac === otherMac);
  const left = incomplete.find(({ mac }) => mac === otherMac);
  const families = [eni?.ipv4, eni?.ipv6].flatMap((each) =>
    each === undefined ? [] : [...each.addresses, ...each.subnets, ...each.prefixes],
  );
  const leftOut = `left out${left?.isFinal === true ? " for good" : ""}: ${left?.reason}`;
  return [eni === undefined ? leftOut : families.join(" "), ...problems];
}

const settle = (changes: Readonly<Record<string, unknown>>) =>
  describeOther(withOther({ ...dual, ...changes }, { isSettled: true }));

const [v4, v6] = [
  "10.0.1.20 10.0.1.21 10.0.1.100 10.0.1.0/24 10.0.1.32/28",
  "2001:db8:1::9 2001:db8:1::10 2001:db8:1::/64",
];

// cloud-init's fixtures; awslabs/amazon-eks-ami #2031
describe("a leaf that stays empty is an empty value", () => {
  const subnet4 = "subnet-ipv4-cidr-block is missing";
  const subnet6 = "subnet-ipv6-cidr-blocks is missing";
  const noRoutes = "so there are no routes to the subnets of the ENI";
  const table: readonly (readonly [string, readonly string[]])[] = [
    ["ipv6s", [`${v4} 2001:db8:1::/64`]],
    ["ipv4-prefix", [`${v4.replace(" 10.0.1.32/28", "")} ${v6}`]],
    ["ipv6-prefix", [`${v4} ${v6}`]],
    ["vpc-ipv4-cidr-blocks", [`${v4} ${v6}`]],
    ["vpc-ipv6-cidr-blocks", [`${v4} ${v6}`]],
    ["network-card", [`${v4} ${v6}`]],
    [
      "subnet-ipv4-cidr-block",
      [`${v4.replace(" 10.0.1.0/24", "")} ${v6}`, `${otherMac}: ${subnet4}, ${noRoutes}`],
    ],
    [
      "subnet-ipv6-cidr-blocks",
      [`${v4} ${v6.replace(" 2001:db8:1::/64", "")}`, `${otherMac}: ${subnet6}, ${noRoutes}`],
    ],
    ["device-number", ["left out for good: device-number is still missing"]],
    ["interface-id", ["left out for good: interface-id is still missing"]],
  ];
  for (const [leaf, expected] of table) {
    test(leaf, () => {
      for (const empty of ["", "\n", [], [""]]) {
        expect(settle({ [leaf]: empty })).toEqual(expected);
        const waiting = describeOther(withOther({ ...dual, [leaf]: empty }));
        expect(waiting).toEqual([`left out: ${leaf}: listed, but without a value yet`]);
      }
    });
  }

  test("local-ipv4s of an EFA-only ENI", () => {
    const changes = { "local-ipv4s": "", "subnet-ipv4-cidr-block": "", "ipv4-prefix": undefined };
    const { enis, incomplete, problems } = withOther(changes, { isSettled: true });
    expect(enis[1]).toMatchObject({ mac: otherMac, ipv4: { addresses: [] } });
    expect([incomplete, problems]).toEqual([[], []]);
  });

  test("all that a primary needs only for its rules", () => {
    const empty = {
      ...primary,
      "network-card": "",
      "device-number": "",
      "vpc-ipv4-cidr-blocks": "",
    };
    const { enis, incomplete } = parseEnis(treeOf({ [primaryMac]: empty }), { isSettled: true });
    expect(incomplete).toEqual([]);
    expect(enis).toMatchObject([{ mac: primaryMac, networkCard: 0, deviceNumber: 0 }]);
  });

  test("the last value of vpc-ipv4-cidr-block counts where vpc-ipv4-cidr-blocks is empty", () => {
    const changes = { "vpc-ipv4-cidr-blocks": "", "vpc-ipv4-cidr-block": "10.0.0.0/16" };
    const { enis } = withOther(changes, { isSettled: true });
    expect(enis[1]?.ipv4.vpcCidrs).toEqual(["10.0.0.0/16"]);
  });
});

describe("what contradicts itself for good", () => {
  test("an address and a prefix in no subnet are left out, and named", () => {
    const addresses = ["10.0.1.20", "10.0.9.9", "10.0.1.21"];
    expect(settle({ "local-ipv4s": addresses, "ipv4-prefix": ["10.0.9.32/28"] })).toEqual([
      `10.0.1.20 10.0.1.21 10.0.1.0/24 ${v6}`,
      ...["10.0.9.9", "10.0.9.32/28"].map(
        (each) =>
          `${otherMac}: ${each} lies in no subnet of subnet-ipv4-cidr-block (10.0.1.0/24): it is left out`,
      ),
    ]);
  });

  test("the first address stays, because DHCP gives it", () => {
    const [text, problem] = settle({ ipv6s: ["2001:db8:9::9", "2001:db8:1::10"] });
    expect(text).toBe(`${v4} 2001:db8:9::9 2001:db8:1::10 2001:db8:1::/64`);
    expect(problem).toBe(
      `${otherMac}: 2001:db8:9::9 lies in no subnet of subnet-ipv6-cidr-blocks (2001:db8:1::/64)`,
    );
  });

  test.each([
    [{ "device-number": undefined }, "device-number is still missing"],
    [
      { "device-number": "0" },
      `network card 0, device 0 is the slot of the primary (${primaryMac})`,
    ],
  ])("an ENI whose table cannot be known is left out: %j", (changes, reason) => {
    expect(settle(changes)).toEqual([`left out for good: ${reason}`]);
  });

  test("so is an ENI without network-card beside one that has it", () => {
    const third = { ...other, "network-card": "1" };
    const macs = { [primaryMac]: primary, [otherMac]: other, "06:aa:bb:cc:dd:03": third };
    expect(describeOther(parseEnis(treeOf(macs), { isSettled: true }))).toEqual([
      "left out for good: network-card is still missing, though another ENI has one",
    ]);
  });

  test("of two ENIs in one slot, the configured one has it, else the one with the lowest MAC", () => {
    const twin = "06:aa:bb:cc:dd:03";
    const tree = treeOf({ [primaryMac]: primary, [twin]: other, [otherMac]: other });
    const slotOf = (mac: string, deviceNumber = 1) => ({ mac, networkCard: 0, deviceNumber });
    const ownerIf = (...occupied: readonly ReturnType<typeof slotOf>[]) => {
      const { enis, incomplete } = parseEnis(tree, { isSettled: true, occupied });
      const owner = enis[1]?.mac ?? "";
      const reason = `network card 0, device 1 is the slot of ${owner}`;
      expect(incomplete.map((each) => each.reason)).toEqual([reason]);
      return owner;
    };
    expect(ownerIf()).toBe(otherMac);
    expect(ownerIf(slotOf(twin))).toBe(twin);
    expect(ownerIf(slotOf(twin, 2))).toBe(otherMac);
    expect(ownerIf(slotOf(otherMac), slotOf(twin))).toBe(otherMac);
  });

  test("a primary without an address, or that is not listed, is left out, and the others are not", () => {
    const { "local-ipv4s": _, ...without } = primary;
    for (const macs of [{ [primaryMac]: without }, {}]) {
      const tree = treeOf({ ...macs, [otherMac]: other });
      const { enis, incomplete } = parseEnis(tree, { isSettled: true });
      expect(enis.map(({ mac }) => mac)).toEqual([otherMac]);
      expect(incomplete).toMatchObject([{ mac: primaryMac, isPrimary: true, isFinal: true }]);
    }
  });
});
