import { describe, expect, test } from "bun:test";
import type { KernelAddress, KernelState } from "../../../../src/model/kernel-state.ts";
import type { ExpectedKernel } from "../../../../src/plan/drift/expected-kernel.ts";
import {
  acceptLeases,
  findTriedRepairs,
  listTriedRepairs,
  updateNotes,
} from "../../../../src/plan/drift/leases.ts";

const mac = "06:ec:2a:00:00:01";
const rule = (from: string) => ({
  family: 4 as const,
  from,
  to: null,
  table: 10001,
  priority: 3001,
  suppressPrefixLength: null,
  suppressGroup: null,
});
const rules = [rule("10.0.1.10/32"), rule("10.0.1.11/32")];
const expected: ExpectedKernel = {
  nics: [
    {
      mac,
      name: "ens6",
      isPrimary: false,
      table: 10001,
      linkGroup: null,
      addresses: [
        { cidr: "10.0.1.10/32", isLeased: true },
        { cidr: "10.0.1.11/32", isLeased: false },
      ],
      routes: [],
      rules,
      defaultRouteFamilies: [],
    },
  ],
  indexOwners: [{ index: 1, mac, name: "ens6", rules }],
  isComplete: true,
  removedIndexes: [],
};
const dynamic = (address: string, prefixLength = 24): KernelAddress => ({
  link: "ens6",
  address,
  prefixLength,
  isDuplicate: false,
  isDynamic: true,
});
const kernel = (...addresses: readonly KernelAddress[]): KernelState => ({
  links: [],
  addresses,
  routes: [],
  rules: [],
});
const tried = [{ mac, address: "10.0.1.10" }];

describe("what DHCP gives instead of the first address", () => {
  test("nothing, the first address, or all: IMDS counts", () => {
    for (const addresses of [
      [],
      [dynamic("10.0.1.10")],
      [dynamic("10.0.1.10"), dynamic("10.0.1.11")],
      [dynamic("169.254.7.8", 32)],
      [dynamic("2001:db8::7", 64)],
    ]) {
      const result = acceptLeases(expected, kernel(...addresses), { tried });
      expect(result).toEqual({ expected, accepted: [], warnings: [] });
    }
  });

  test("another one that IMDS lists is accepted at once", () => {
    const result = acceptLeases(expected, kernel(dynamic("10.0.1.11")), { tried: [] });
    expect(result.accepted).toEqual(tried);
    expect(result.expected.nics[0]?.addresses[0]).toEqual({
      cidr: "10.0.1.10/32",
      isLeased: false,
    });
    expect(result.expected.nics[0]?.rules).toEqual(rules);
    expect(result.warnings).toEqual([
      "ens6: DHCP gives 10.0.1.11, but IMDS lists 10.0.1.10 first; the NIC has both",
    ]);
  });

  test("one that IMDS does not list is accepted when DHCP was asked again, and gets rules", () => {
    const state = kernel(dynamic("10.0.1.99"));
    expect(acceptLeases(expected, state, { tried: [] }).expected).toEqual(expected);
    const { accepted, expected: found } = acceptLeases(expected, state, { tried });
    expect(accepted).toEqual(tried);
    expect(found.nics[0]?.rules).toEqual([...rules, rule("10.0.1.99/32")]);
    expect(found.indexOwners[0]?.rules).toEqual([...rules, rule("10.0.1.99/32")]);
  });
});

test("a repair that did not help is not made again, until the difference has gone", () => {
  const difference = {
    kind: "address",
    what: "missing",
    mac,
    name: "ens6",
    text: "ens6: address 10.0.1.10 is missing",
    cidr: "10.0.1.10/32",
    isLeased: true,
  } as const;
  const argv = ["networkctl", "reconfigure", "ens6"];
  const asked = listTriedRepairs([difference], [{ argv, reason: "", mac, timeoutMs: 1 }]);
  expect(asked).toEqual(tried);
  expect(listTriedRepairs([difference], [])).toEqual([]);
  const none = { asked: [], tried: [], accepted: [], warnings: [] };
  const first = updateNotes({ tried: [], told: [] }, [mac], { ...none, asked });
  const found = findTriedRepairs([difference], first);
  expect(found).toEqual([difference]);
  const second = updateNotes(first, [mac], { ...none, tried: found, warnings: ["a"] });
  expect(second).toEqual({ tried, told: ["a"] });
  expect(updateNotes(second, ["06:ec:2a:00:00:02"], none)).toEqual(second);
  expect(updateNotes(second, [mac], none)).toEqual({ tried: [], told: ["a"] });
});
