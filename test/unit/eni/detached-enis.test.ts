import { describe, expect, test } from "bun:test";
import { parseEnis } from "../../../src/eni/parse-enis.ts";
import type { MetadataTree } from "../../../src/model/metadata.ts";

const [primary, detached, attached] = [
  "06:aa:bb:cc:dd:01",
  "06:aa:bb:cc:dd:02",
  "06:aa:bb:cc:dd:03",
];

const folder = (device: string, more: Readonly<Record<string, string>> = {}) => ({
  "device-number": device,
  "interface-id": "eni-0a",
  "local-ipv4s": ["10.0.1.10"],
  "subnet-ipv4-cidr-block": "10.0.1.0/24",
  ...more,
});

/** The MACs of the complete and the incomplete ENIs on a machine that has the NICs `present`. */
function macsOf(macs: Readonly<Record<string, object>>, ...present: readonly string[]) {
  const tree = { mac: primary, network: { interfaces: { macs } } } as unknown as MetadataTree;
  const { enis, incomplete } = parseEnis(tree, { presentMacs: new Set(present) });
  return { enis: enis.map(({ mac }) => mac), incomplete: incomplete.map(({ mac }) => mac) };
}

// VPC CNI #1008: an ENI stays listed after it was detached
describe("IMDS lists two ENIs in one slot", () => {
  const both = { [primary]: folder("0"), [detached]: folder("1"), [attached]: folder("1") };

  test("the ENI whose NIC is present has the slot, the other is detached", () => {
    expect(macsOf(both, primary, attached)).toEqual({ enis: [primary, attached], incomplete: [] });
  });

  test("both are incomplete if both NICs are present or both are absent", () => {
    for (const present of [[primary], [primary, detached, attached], []]) {
      expect(macsOf(both, ...present)).toEqual({
        enis: [primary],
        incomplete: [detached, attached],
      });
    }
  });

  test("the primary keeps its slot when another ENI has number 0", () => {
    const zero = { [primary]: folder("0"), [attached]: folder("0") };
    expect(macsOf(zero, attached)).toEqual({ enis: [primary], incomplete: [attached] });
  });

  test("both are incomplete while a network card is not known", () => {
    const card = { "network-card": "0" };
    const late = {
      [primary]: folder("0", card),
      [detached]: folder("1", card),
      [attached]: folder("1"),
    };
    expect(macsOf(late, primary, attached)).toEqual({
      enis: [primary],
      incomplete: [detached, attached],
    });
  });
});

test("an ENI alone in its slot is complete without a NIC: it may be attached next", () => {
  const macs = { [primary]: folder("0"), [detached]: folder("1"), [attached]: folder("2") };
  expect(macsOf(macs, primary).enis).toEqual([primary, detached, attached]);
});
