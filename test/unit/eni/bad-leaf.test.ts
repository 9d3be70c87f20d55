import { describe, expect, test } from "bun:test";
import { type ParsedEnis, parseEnis } from "../../../src/eni/parse-enis.ts";
import { otherMac, primary, other, primaryMac, treeOf, withOther } from "../../kit/facts/trees.ts";

const folder = `meta-data/network/interfaces/macs/${otherMac}`;

describe("one bad leaf or name costs no other ENI", () => {
  test.each([
    [
      { "local-ipv4s": ["10.0.0.300"] },
      `${folder}/local-ipv4s: "10.0.0.300" is not an IPv4 address`,
    ],
    [{ "local-ipv4s": { a: "b" } }, `${folder}/local-ipv4s: {"a":"b"} is not a list`],
    [{ ipv6s: "fe80::1%eth0" }, `${folder}/ipv6s: "fe80::1%eth0" is not an IPv6 address`],
    [{ "device-number": "-1" }, `${folder}/device-number: "-1" is not a number from 0 to 31`],
    [{ "interface-id": "eni-1\nx" }, `${folder}/interface-id: "eni-1\\nx" is not an ENI id`],
    [
      { "subnet-ipv4-cidr-block": "10.0.1.7/24" },
      `${folder}/subnet-ipv4-cidr-block: "10.0.1.7/24" is not an IPv4 subnet`,
    ],
    [
      { "subnet-ipv4-cidr-block": "10.0.1.20/32" },
      `${folder}/subnet-ipv4-cidr-block: "10.0.1.20/32" is not an IPv4 subnet`,
    ],
  ])("%j", (changes, reason) => {
    expectOnlyOtherLost(withOther(changes), reason);
  });

  test("text instead of a folder", () => {
    const tree = treeOf({ [primaryMac]: primary, [otherMac]: "text" });
    for (const isSettled of [false, true]) {
      expectOnlyOtherLost(parseEnis(tree, { isSettled }), `${folder}: "text" is not a folder`);
    }
  });

  test("a name that is not a MAC", () => {
    const parsed = parseEnis(treeOf({ "../x": other, [primaryMac]: primary }));
    expect(parsed).toMatchObject({ enis: [{ mac: primaryMac }], incomplete: [] });
    expect(parsed.problems).toEqual([
      'meta-data/network/interfaces/macs: "../x" is not a MAC address',
    ]);
  });

  test("a long value is shortened", () => {
    const { incomplete } = withOther({ "interface-id": "x".repeat(100_000) });
    expect(incomplete.map(({ reason }) => reason.length < 200)).toEqual([true]);
  });
});

/** Expects that `other` is incomplete, though not for good, and that the primary is complete. */
function expectOnlyOtherLost({ enis, incomplete }: ParsedEnis, reason: string): void {
  expect(enis.map(({ mac }) => mac)).toEqual([primaryMac]);
  const start = expect.stringContaining(reason);
  expect(incomplete).toEqual([{ mac: otherMac, isPrimary: false, reason: start }]);
}
