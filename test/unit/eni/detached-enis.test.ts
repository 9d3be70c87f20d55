import { describe, expect, test } from "bun:test";
import { parseEnis } from "../../../src/eni/parse-enis.ts";
import type { MetadataTree } from "../../../src/model/metadata.ts";

const [primary, old, young] = ["06:aa:bb:cc:dd:01", "06:aa:bb:cc:dd:02", "06:aa:bb:cc:dd:03"];

const folder = (device: string, more: Readonly<Record<string, string>> = {}) => ({
  "device-number": device,
  "interface-id": "eni-0a",
  "local-ipv4s": ["10.0.1.10"],
  "subnet-ipv4-cidr-block": "10.0.1.0/24",
  ...more,
});

/** Who is whole and who is not, where `here` are the NICs of the machine. */
function seen(macs: Readonly<Record<string, object>>, ...here: readonly string[]) {
  const tree = { mac: primary, network: { interfaces: { macs } } } as unknown as MetadataTree;
  const { enis, incomplete } = parseEnis(tree, new Set(here));
  return { enis: enis.map(({ mac }) => mac), incomplete: incomplete.map(({ mac }) => mac) };
}

// VPC CNI #1008: an ENI stays listed after it was detached
describe("two ENIs that are said to be in one place", () => {
  const both = { [primary]: folder("0"), [old]: folder("1"), [young]: folder("1") };

  test("the one that is here has it, and the other has left", () => {
    expect(seen(both, primary, young)).toEqual({ enis: [primary, young], incomplete: [] });
  });

  test("both here, or neither: nobody knows", () => {
    for (const here of [[primary], [primary, old, young], []]) {
      expect(seen(both, ...here)).toEqual({ enis: [primary], incomplete: [old, young] });
    }
  });

  test("the primary has its place, whatever else says 0", () => {
    const zero = { [primary]: folder("0"), [young]: folder("0") };
    expect(seen(zero, young)).toEqual({ enis: [primary], incomplete: [young] });
  });

  test("a place that is not known for sure is nobody's", () => {
    const card = { "network-card": "0" };
    const late = { [primary]: folder("0", card), [old]: folder("1", card), [young]: folder("1") };
    expect(seen(late, primary, young)).toEqual({ enis: [primary], incomplete: [old, young] });
  });
});

test("one that is alone in its place stays, with a NIC or without: it may be on its way", () => {
  const macs = { [primary]: folder("0"), [old]: folder("1"), [young]: folder("2") };
  expect(seen(macs, primary).enis).toEqual([primary, old, young]);
});
