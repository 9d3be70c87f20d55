import { expect, test } from "bun:test";
import type { ConfigFile, NicResult } from "../../../../src/model/plan.ts";
import { managedPath } from "../../../../src/model/managed-paths.ts";
import { checkFiles } from "../../../../src/plan/files/plan-changes.ts";
import { macAt } from "../../../kit/facts/nics.ts";

const pathOf = (number: number) => managedPath("netplan", macAt(number));
const fileOf = (number: number): ConfigFile => {
  return { path: pathOf(number), content: "new\n", mode: 0o600, mac: macAt(number) };
};
const nics: readonly NicResult[] = [0, 1].map((number) => {
  return { mac: macAt(number), name: `ens${number + 5}`, eni: null, outcome: "configured" };
});

test("a plan without files has no difference", () => {
  expect(checkFiles({ write: [], remove: [], nics }, { files: [] })).toEqual([]);
});

test("a missing, a wrong and a stale file are differences of their NICs", () => {
  const files = [1, 7].map((at) => ({ path: pathOf(at), content: "old\n", mode: 0o600 }));
  const plan = { write: [fileOf(0), fileOf(1)], remove: [pathOf(7)], nics };
  expect(checkFiles(plan, { files })).toEqual([
    {
      kind: "file",
      what: "missing",
      mac: macAt(0),
      name: "ens5",
      text: "/etc/netplan/60-ec2nic-06aabbccdd00.yaml is missing",
    },
    {
      kind: "file",
      what: "wrong",
      mac: macAt(1),
      name: "ens6",
      text: "/etc/netplan/60-ec2nic-06aabbccdd01.yaml has the wrong content or mode",
    },
    {
      kind: "file",
      what: "stale",
      mac: macAt(7),
      name: null,
      text: "/etc/netplan/60-ec2nic-06aabbccdd07.yaml should not be there",
    },
  ]);
});
