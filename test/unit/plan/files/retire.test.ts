import { expect, test } from "bun:test";
import { managedPath } from "../../../../src/model/managed-paths.ts";
import { findRetiredMacs } from "../../../../src/plan/files/managed-nics.ts";
import { linkAt, macAt } from "../../../kit/facts/nics.ts";

const fileOf = (number: number, content = "# written by ec2nic, and so on\n") => {
  return { path: managedPath("netplan", macAt(number)), content, mode: 0o600 };
};
const files = [fileOf(0), fileOf(1), fileOf(2), fileOf(2)];

test("what neither IMDS lists nor the machine has, once", () => {
  expect(findRetiredMacs(files, new Set([macAt(0)]), [linkAt(1)])).toEqual([macAt(2)]);
});

test("a MAC on any kind of link is here", () => {
  const links = [linkAt(2, { kind: "bond" })];
  expect(findRetiredMacs(files, new Set([macAt(0), macAt(1)]), links)).toEqual([]);
});

test("IMDS's word is enough to keep a NIC's file", () => {
  expect(findRetiredMacs(files, new Set([macAt(0), macAt(1), macAt(2)]), [linkAt(0)])).toEqual([]);
});

test("no link could be read: nothing is known about the machine", () => {
  expect(findRetiredMacs(files, new Set(), [])).toEqual([]);
});

test("a file that does not say it is ours is not", () => {
  const edited = [fileOf(5, "network: {}\n# written by ec2nic\n"), fileOf(5, "")];
  expect(findRetiredMacs(edited, new Set(), [linkAt(0)])).toEqual([]);
});
