import { expect, test } from "bun:test";
import { indexOf, metricOf, tableOf } from "../../src/plan/numbers.ts";

test.each([
  { networkCard: 0, deviceNumber: 0, index: 0, metric: 512, table: 10_000 },
  { networkCard: 0, deviceNumber: 7, index: 7, metric: 519, table: 10_007 },
  { networkCard: 1, deviceNumber: 1, index: 101, metric: 613, table: 10_101 },
  { networkCard: 31, deviceNumber: 1, index: 3101, metric: 3613, table: 13_101 },
])("card $networkCard, device $deviceNumber", ({ index, metric, table, ...eni }) => {
  expect(indexOf(eni)).toBe(index);
  expect([metricOf(index), tableOf(index)]).toEqual([metric, table]);
});

test("the largest card and device that metadata may name stay before the main rule (32766)", () => {
  expect(tableOf(indexOf({ networkCard: 199, deviceNumber: 99 }))).toBeLessThan(32_766);
});
