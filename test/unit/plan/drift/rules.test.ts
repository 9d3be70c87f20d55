import { describe, expect, test } from "bun:test";
import type { Eni, IncompleteEni } from "../../../../src/model/eni.ts";
import type { KernelRule, KernelState } from "../../../../src/model/kernel-state.ts";
import { managedMark, managedPath } from "../../../../src/model/managed-paths.ts";
import { configure } from "../../../../src/plan/config/configure.ts";
import { expectedKernel } from "../../../../src/plan/drift/expected-kernel.ts";
import { findStaleRules } from "../../../../src/plan/drift/rules.ts";
import {
  expectedKernelFor,
  kernelAsExpected,
  kernelRoute,
} from "../../../kit/facts/kernel-model.ts";
import { eniAt, familyOf, linkAt } from "../../../kit/facts/nics.ts";

const primary = eniAt(0);
const second = eniAt(1, {
  ipv4: familyOf(["10.0.1.10", "10.0.1.20"], "10.0.1.0/24", ["10.0.1.32/28"]),
  ipv6: familyOf(["2001:db8:0:1::10"], "2001:db8:0:1::/64"),
});
const nicOf = (eni: Eni) => ({ eni, link: linkAt(eni.deviceNumber) });
const expected = expectedKernelFor([primary, second]);
const clean = kernelAsExpected(expected);
const textsOf = (state: Partial<KernelState>, of = expected) =>
  findStaleRules(of, { ...clean, ...state }).map(({ text }) => text);

const third = eniAt(2);
const all = kernelAsExpected(expectedKernelFor([primary, second, third]));
const ofThird = all.rules.filter(({ priority }) => priority % 10 === 2);
const detached = { ...clean, rules: [...clean.rules, ...ofThird] };

test("each rule of a detached NIC is stale", () => {
  expect(textsOf(detached)).toEqual([
    "rule 2702 from 10.0.2.10 lookup main suppress_prefixlength 1 suppress_ifgroup 10000 is left over, because no ENI has its table",
    "rule 3802 from 10.0.2.10 lookup 10002 is left over, because no ENI has its table",
  ]);
});

test("each rule of a removed address is stale", () => {
  const smaller = { ...second, ipv4: familyOf(["10.0.1.10"], "10.0.1.0/24", ["10.0.1.32/28"]) };
  const after = expectedKernelFor([primary, smaller]);
  const stale = findStaleRules(after, clean);
  expect(stale.map(({ text }) => text)).toEqual([
    "ens6: rule 2701 from 10.0.1.20 lookup main suppress_prefixlength 1 suppress_ifgroup 10000 is left over, because its ENI does not need it",
    "ens6: rule 3801 from 10.0.1.20 lookup 10001 is left over, because its ENI does not need it",
  ]);
  expect(stale.every(({ mac }) => mac === second.mac)).toBe(true);
});

test("no rule is stale while its table has a route: the NIC is present", () => {
  const routes = [...clean.routes, kernelRoute("ens7", { table: 10_002 })];
  expect(textsOf({ ...detached, routes })).toEqual([]);
  const unreachable = [...clean.routes, { ...kernelRoute("", { table: 10_002 }), link: null }];
  expect(textsOf({ ...detached, routes: unreachable })).toHaveLength(2);
});

test("no rule of an unmanaged ENI or of an ENI without a NIC is stale", () => {
  expect(textsOf(detached, expectedKernelFor([primary, second], [third]))).toEqual([]);
  const nics = [nicOf(primary), nicOf(second), { eni: third, link: null }];
  const enis = [primary, second, third];
  const awaited = expectedKernel(configure(nics, { ruleStyle: "group" }), { enis, incomplete: [] });
  expect(textsOf(detached, awaited)).toEqual([]);
});

test("no rule is stale while the number of an ENI is not known", () => {
  const incomplete: IncompleteEni[] = [{ mac: third.mac, isPrimary: false, reason: "late" }];
  const config = configure([nicOf(primary), nicOf(second)], { ruleStyle: "group" });
  const late = expectedKernel(config, { enis: [primary, second], incomplete });
  expect(textsOf(detached, late)).toEqual([]);
});

const staleRule: KernelRule = {
  family: 4,
  priority: 3802,
  from: "10.0.2.10/32",
  to: null,
  table: 10_002,
  suppressPrefixLength: null,
  suppressGroup: null,
  isPlain: true,
};
const main = { priority: 2702, table: 254 } as const;

test.each<[string, Partial<KernelRule>]>([
  ["with a mark", { isPlain: false }],
  ["from anywhere", { from: null }],
  ["to another table", { table: 77 }],
  ["with another priority", { priority: 3803 }],
  ["with the priority of another kind", { priority: 1602 }],
  ["for one destination", { to: "10.0.0.0/8" }],
  ["that ignores routes", { suppressPrefixLength: 1 }],
  ["that ignores a link group", { suppressGroup: 10_000 }],
  ["into main, with all routes", main],
  ["into main, that ignores only the default", { ...main, suppressPrefixLength: 0 }],
  ["into main, with another group", { ...main, suppressPrefixLength: 1, suppressGroup: 3 }],
  ["into main, for one destination", { ...main, suppressPrefixLength: 1, to: "10.0.0.0/8" }],
  ["into main, with a length of IPv6", { ...main, suppressPrefixLength: 4 }],
  ["with a table's small number as its priority", { priority: 100, table: 100 }],
  [
    "like ec2nic's rule into main, but to another table",
    { priority: 2702, suppressPrefixLength: 1 },
  ],
  ["of a device number that no ENI has", { priority: 3832, table: 10_032 }],
  ["of VPC CNI", { priority: 1536, table: 2 }],
  ["of Mullvad", { priority: 5208, from: null, table: 254, suppressPrefixLength: 0 }],
  ["of Tailscale", { priority: 5270, from: null, table: 52 }],
  ["of nm-cloud-setup", { priority: 30_350, from: null, table: 254, suppressPrefixLength: 0 }],
  ["of the kernel", { priority: 32_766, from: null, table: 254 }],
])("a rule of another program is never stale: %s", (_, changes) => {
  expect(textsOf({ rules: [...clean.rules, { ...staleRule, ...changes }] })).toEqual([]);
});

test.each<[string, Partial<KernelRule>]>([
  ["into main without ENIs", { ...main, suppressPrefixLength: 1, suppressGroup: 10_000 }],
  ["into main without routes to everything", { ...main, suppressPrefixLength: 1 }],
  ["of a primary into main", { ...main, suppressGroup: 10_000 }],
  ["into its table without the default", { priority: 1602, suppressPrefixLength: 0 }],
  ["of 0.1.0 for the VPC", { priority: 2002, to: "10.0.0.0/16" }],
  ["of 0.1.0 into main", { priority: 6002, table: 254, suppressPrefixLength: 0 }],
  ["of 0.1.0 into its table", { priority: 10_002 }],
])("a rule of ec2nic without an ENI is stale: %s", (_, changes) => {
  expect(textsOf({ rules: [...clean.rules, { ...staleRule, ...changes }] })).toHaveLength(1);
});

test("rules of 0.1.0 are stale if their ENI has new ones", () => {
  const old = { ...staleRule, priority: 10_001, table: 10_001, from: "10.0.1.10/32" };
  expect(textsOf({ rules: [...clean.rules, old] })).toEqual([
    "ens6: rule 10001 from 10.0.1.10 lookup 10001 is left over, because its ENI does not need it",
  ]);
});

test("the rule that these cases change is stale", () => {
  expect(textsOf({ rules: [...clean.rules, staleRule] })).toHaveLength(1);
});

test("no rule is stale beside one with an unread selector: `ip rule del` could delete that", () => {
  const rules = [...clean.rules, { ...staleRule, isPlain: false }, staleRule];
  expect(textsOf({ rules })).toEqual([]);
});

describe("after an event of one NIC", () => {
  const config = configure([nicOf(primary), nicOf(second)], { ruleStyle: "group" });
  const fileOfThird = {
    path: managedPath("networkd", third.mac),
    content: `# ${managedMark}\n# ${third.id}, index 2\n`,
    mode: 0o600,
  };
  const after = (gone: readonly string[], enis = [second]) =>
    expectedKernel(config, { enis, incomplete: [], scope: { macs: [], gone } }, [fileOfThird]);

  test("rules of other NICs are not stale", () => {
    expect(textsOf(detached, after([]))).toEqual([]);
  });

  test("rules of the removed NIC are stale", () => {
    expect(textsOf(detached, after([third.mac]))).toHaveLength(ofThird.length);
  });

  // https://github.com/aws/amazon-vpc-cni-k8s/issues/1008
  test("rules of the removed NIC are stale although IMDS still lists its ENI", () => {
    expect(textsOf(detached, after([third.mac], [second, third]))).toHaveLength(ofThird.length);
  });

  test("rules are not stale while the table has routes: another NIC has the slot", () => {
    const routes = [...clean.routes, ...all.routes.filter(({ table }) => table === 10_002)];
    expect(textsOf({ ...detached, routes }, after([third.mac]))).toEqual([]);
  });
});
