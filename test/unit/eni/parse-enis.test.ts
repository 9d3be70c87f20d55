import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseEnis } from "../../../src/eni/parse-enis.ts";
import type { MetadataTree } from "../../../src/model/metadata.ts";
import { other, otherMac, primary, primaryMac, treeOf, withOther } from "../../kit/facts/trees.ts";

describe("a complete ENI", () => {
  test("has the values of its leaves, canonical and sorted after the first address", () => {
    const { enis, incomplete } = withOther({
      "network-card": "2",
      "device-number": "3",
      ipv6s: "2001:DB8:1:0::9\n2001:db8:1::2\n",
      "subnet-ipv6-cidr-blocks": ["2001:db8:1::/64"],
      "vpc-ipv4-cidr-block": "10.0.0.0/16",
      "ipv4-prefix": ["10.0.1.64/28", "10.0.1.32/28", "10.0.1.64/28"],
    });
    expect(incomplete).toEqual([]);
    expect(enis[1]).toEqual({
      mac: otherMac,
      id: "eni-02",
      isPrimary: false,
      deviceNumber: 3,
      networkCard: 2,
      ipv4: {
        addresses: ["10.0.1.20", "10.0.1.21", "10.0.1.100"],
        subnets: ["10.0.1.0/24"],
        vpcCidrs: ["10.0.0.0/16"],
        prefixes: ["10.0.1.32/28", "10.0.1.64/28"],
      },
      ipv6: {
        addresses: ["2001:db8:1::9", "2001:db8:1::2"],
        subnets: ["2001:db8:1::/64"],
        vpcCidrs: [],
        prefixes: [],
      },
    });
  });

  test("has all networks of the VPC, or the single one of older IMDS versions", () => {
    const one = { "vpc-ipv4-cidr-block": "10.0.0.0/16" };
    const all = { ...one, "vpc-ipv4-cidr-blocks": ["10.1.0.0/16", "10.0.0.0/16"] };
    expect(withOther(one).enis[1]?.ipv4.vpcCidrs).toEqual(["10.0.0.0/16"]);
    expect(withOther(all).enis[1]?.ipv4.vpcCidrs).toEqual(["10.0.0.0/16", "10.1.0.0/16"]);
  });

  test("may have an upper-case MAC", () => {
    const tree = treeOf({ [primaryMac.toUpperCase()]: primary }, `${primaryMac.toUpperCase()}\n`);
    expect(parseEnis(tree).enis.map(({ mac, isPrimary }) => [mac, isPrimary])).toEqual([
      [primaryMac, true],
    ]);
  });

  test("may have no address: EFA-only", () => {
    const { enis, incomplete } = withOther({
      "local-ipv4s": undefined,
      "subnet-ipv4-cidr-block": undefined,
    });
    expect(incomplete).toEqual([]);
    expect(enis[1]?.ipv4.addresses).toEqual([]);
  });

  test("does not depend on the order in which IMDS lists ENIs", () => {
    const macs = { [primaryMac]: primary, [otherMac]: other, "06:aa:bb:cc:dd:00": third };
    const expected = parseEnis(treeOf(macs));
    expect(expected.enis.map(({ id }) => id)).toEqual(["eni-01", "eni-02", "eni-03"]);
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.entries(macs), { minLength: 3 }), (entries) => {
        expect(parseEnis(treeOf(Object.fromEntries(entries)))).toEqual(expected);
      }),
    );
  });
});

const third = {
  "device-number": "2",
  "interface-id": "eni-03",
  "local-ipv4s": ["10.0.2.30"],
  "subnet-ipv4-cidr-block": "10.0.2.0/24",
} as const;

describe("an ENI is incomplete", () => {
  test.each([
    [{ "interface-id": undefined }, "interface-id is still missing"],
    [{ "device-number": undefined }, "device-number is still missing"],
    // It reads 0 until it has propagated.
    [{ "device-number": "0" }, "device-number reads 0"],
    [{ "device-number": "0", "network-card": "0" }, "device-number reads 0"],
    [{ "subnet-ipv4-cidr-block": undefined }, "subnet-ipv4-cidr-block is still missing"],
    [{ "subnet-ipv4-cidr-block": "10.0.9.0/24" }, "10.0.1.20 lies in no subnet"],
    [{ "ipv4-prefix": ["10.0.9.0/28"] }, "10.0.9.0 lies in no subnet"],
    [{ "local-ipv4s": [] }, "local-ipv4s: listed, but without a value yet"],
    [{ "local-ipv4s": "\n" }, "local-ipv4s: listed, but without a value yet"],
    [{ "device-number": "", ipv6s: "" }, "device-number, ipv6s: listed, but without a value yet"],
    [{ ipv6s: ["2001:db8::1"] }, "subnet-ipv6-cidr-blocks is still missing"],
    [{ "ipv6-prefix": ["2001:db8::/80"] }, "subnet-ipv6-cidr-blocks is still missing"],
  ])("%j: %s", (changes, reason) => {
    const { enis, incomplete } = withOther(changes);
    expect(enis.map(({ mac }) => mac)).toEqual([primaryMac]);
    expect(incomplete).toEqual([
      { mac: otherMac, isPrimary: false, reason: expect.stringContaining(reason) },
    ]);
  });

  test("device 0 on another network card is real", () => {
    expect(withOther({ "device-number": "0", "network-card": "1" }).incomplete).toEqual([]);
  });

  // https://github.com/amazonlinux/amazon-ec2-net-utils/issues/153
  test("without network-card while another ENI has one: both would share a table", () => {
    const macs = { [primaryMac]: primary, [otherMac]: other, "06:aa:bb:cc:dd:03": third };
    const late = { ...third, "device-number": "1", "network-card": "1" };
    const { enis, incomplete } = parseEnis(treeOf({ ...macs, "06:aa:bb:cc:dd:03": late }));
    expect(enis.map(({ id }) => id)).toEqual(["eni-01", "eni-03"]);
    expect(incomplete.map(({ reason }) => reason)).toEqual([
      "network-card is still missing, though another ENI has one",
    ]);
  });

  test("with the same card and device number as another", () => {
    const twin = { ...third, "device-number": "1" };
    const macs = { [primaryMac]: primary, [otherMac]: other, "06:aa:bb:cc:dd:03": twin };
    const { enis, incomplete } = parseEnis(treeOf(macs));
    expect(enis.map(({ id }) => id)).toEqual(["eni-01"]);
    expect(incomplete.map(({ mac }) => mac)).toEqual([otherMac, "06:aa:bb:cc:dd:03"]);
  });
});

describe("the primary", () => {
  test("is not known without meta-data/mac, and no ENI is complete", () => {
    const { mac: _, ...tree } = treeOf({ [primaryMac]: primary, [otherMac]: other });
    const { enis, incomplete } = parseEnis(tree);
    expect(enis).toEqual([]);
    expect(incomplete.map(({ reason }) => reason)).toEqual([
      expect.stringContaining("meta-data/mac is still missing"),
      expect.stringContaining("meta-data/mac is still missing"),
    ]);
  });

  test("is incomplete if macs/ does not list it, and the others are complete", () => {
    const { enis, incomplete } = parseEnis(treeOf({ [otherMac]: other }));
    expect(enis.map(({ mac }) => mac)).toEqual([otherMac]);
    expect(incomplete).toEqual([
      { mac: primaryMac, isPrimary: true, reason: "IMDS does not list the primary's MAC yet" },
    ]);
    expect(parseEnis({ mac: primaryMac })).toMatchObject({ enis: [], incomplete });
  });
});

// VPC CNI #3753: SageMaker HyperPod
describe("a primary whose device-number is 1", () => {
  const numbered = (device: string) => ({ ...primary, "device-number": device });
  const second = { ...other, "device-number": "0" };

  test("is the primary all the same, and another ENI may be device 0", () => {
    const { enis, incomplete } = parseEnis(
      treeOf({ [primaryMac]: numbered("1"), [otherMac]: second }),
    );
    expect(incomplete).toEqual([]);
    expect(enis.map(({ id, isPrimary, deviceNumber }) => [id, isPrimary, deviceNumber])).toEqual([
      ["eni-01", true, 1],
      ["eni-02", false, 0],
    ]);
  });

  test("an ENI with device 31, the number that device 0 gets, does not share its table", () => {
    const macs = { [primaryMac]: numbered("1"), [otherMac]: second };
    const third = { ...other, "device-number": "31" };
    const tree = treeOf({ ...macs, "06:aa:bb:cc:dd:03": third });
    const { enis, incomplete } = parseEnis(tree, { isSettled: true });
    expect([enis.length, incomplete.length]).toEqual([2, 1]);
  });

  test("keeps its slot, if another ENI has device 1 too", () => {
    const tree = treeOf({ [primaryMac]: numbered("1"), [otherMac]: other });
    expect(parseEnis(tree).incomplete).toMatchObject([{ mac: otherMac }]);
    const { enis, incomplete } = parseEnis(tree, { isSettled: true });
    expect(enis.map(({ id }) => id)).toEqual(["eni-01"]);
    const reason = `network card 0, device 1 is the slot of the primary (${primaryMac})`;
    expect(incomplete).toEqual([{ mac: otherMac, isPrimary: false, reason, isFinal: true }]);
  });
});

describe("metadata without a readable list of ENIs throws a DATAERR", () => {
  const dataError = (message: string) => expect.objectContaining({ kind: "DATAERR", message });

  test.each([
    [{ mac: "nonsense" }, `meta-data/mac: "nonsense" is not a MAC address`],
    [{ mac: primaryMac, network: "<html>" }, `meta-data/network: "<html>" is not a folder`],
  ])("%j", (tree, message) => {
    expect(() => parseEnis(tree as MetadataTree)).toThrow(dataError(message));
  });
});

test("any value of a leaf is parsed", () => {
  const leaf = fc.oneof(fc.string(), fc.array(fc.string()), fc.anything());
  const name = fc.constantFrom(...Object.keys(other), "ipv6s", "ipv4-prefix", "network-card", "x");
  fc.assert(
    fc.property(fc.dictionary(name, leaf), (changes) => {
      const { enis, incomplete } = withOther(changes);
      expect([...enis, ...incomplete].map(({ mac }) => mac).toSorted()).toEqual([
        primaryMac,
        otherMac,
      ]);
    }),
  );
});
