import { expect, test } from "bun:test";
import fc from "fast-check";
import { compareNaturally } from "../../../src/model/text.ts";

test("compareNaturally compares digits as numbers", () => {
  const names = ["eth10", "eth1", "ens5", "eth2", "eth", "ens5.7", "lo", "10.0.0.100", "10.0.0.11"];
  expect(names.toSorted(compareNaturally)).toEqual([
    "10.0.0.11",
    "10.0.0.100",
    "ens5",
    "ens5.7",
    "eth",
    "eth1",
    "eth2",
    "eth10",
    "lo",
  ]);
});

test("compareNaturally is an order: different names are not equal, and swapping them swaps the sign", () => {
  const name = fc.string({ unit: fc.constantFrom(..."a01.") });
  fc.assert(
    fc.property(name, name, (left, right) => {
      const order = Math.sign(compareNaturally(left, right));
      expect(order === 0).toBe(left === right);
      expect(Math.sign(compareNaturally(right, left)) + order).toBe(0);
    }),
  );
});
