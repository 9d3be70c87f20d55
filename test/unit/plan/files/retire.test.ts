import { expect, test } from "bun:test";
import { managedPath } from "../../../../src/model/managed-paths.ts";
import { findRetiredMacs } from "../../../../src/plan/files/managed-nics.ts";
import { linkAt, macAt } from "../../../kit/facts/nics.ts";

const fileOf = (number: number, content = "# written by ec2nic, and so on\n") => {
  return { path: managedPath("netplan", macAt(number)), content, mode: 0o600 };
};
const files = [fileOf(0), fileOf(1), fileOf(2), fileOf(2)];

test("a MAC is retired once if neither IMDS nor the machine has it", () => {
  expect(findRetiredMacs(files, new Set([macAt(0)]), [linkAt(1)])).toEqual([macAt(2)]);
});

test("a MAC on any kind of link is not retired", () => {
  const links = [linkAt(2, { kind: "bond" })];
  expect(findRetiredMacs(files, new Set([macAt(0), macAt(1)]), links)).toEqual([]);
});

test("a MAC that IMDS lists is not retired", () => {
  expect(findRetiredMacs(files, new Set([macAt(0), macAt(1), macAt(2)]), [linkAt(0)])).toEqual([]);
});

test("no MAC is retired if no link could be read", () => {
  expect(findRetiredMacs(files, new Set(), [])).toEqual([]);
});

test("a file without the mark in its first line is ignored", () => {
  const edited = [fileOf(5, "network: {}\n# written by ec2nic\n"), fileOf(5, "")];
  expect(findRetiredMacs(edited, new Set(), [linkAt(0)])).toEqual([]);
});
