import { expect, test } from "bun:test";
import {
  eniIndex,
  metricOf,
  slotOfIndex,
  prioritiesOf,
  tableOf,
} from "../../../../src/plan/config/table-numbers.ts";

test.each([
  { networkCard: 0, deviceNumber: 0, isPrimary: true, index: 0, metric: 512, table: 10_000 },
  { networkCard: 0, deviceNumber: 7, index: 7, metric: 519, table: 10_007 },
  { networkCard: 1, deviceNumber: 1, index: 101, metric: 613, table: 10_101 },
  { networkCard: 31, deviceNumber: 1, index: 3101, metric: 3613, table: 13_101 },
])(
  "card $networkCard, device $deviceNumber has index $index",
  ({ index, metric, table, isPrimary = false, ...slot }) => {
    expect(eniIndex({ isPrimary, ...slot })).toBe(index);
    expect(slotOfIndex(index)).toEqual(slot);
    expect([metricOf(index), tableOf(index)]).toEqual([metric, table]);
  },
);

test("the largest valid card and device come before the rule of main (32766)", () => {
  expect(tableOf(eniIndex({ isPrimary: false, networkCard: 199, deviceNumber: 99 }))).toBeLessThan(
    32_766,
  );
});

const cards = Array.from({ length: 40 }, (_, networkCard) => networkCard);
const devices = Array.from({ length: 100 }, (_, deviceNumber) => deviceNumber);

test("up to card 39 all priorities differ", () => {
  const all = cards.flatMap((networkCard) =>
    devices.flatMap((deviceNumber) =>
      Object.values(prioritiesOf(100 * networkCard + deviceNumber)),
    ),
  );
  expect(new Set(all).size).toBe(3 * 40 * 100);
  expect(Math.min(...all)).toBeGreaterThan(1536);
});

test.each([0, 1, 999, 1000, 3999, 4000, 19_999])(
  "index %d has the order VPC, main, own table, all before the rule of main",
  (index) => {
    const { vpc, main, own } = prioritiesOf(index);
    expect([vpc, main, own, 32_766].toSorted((a, b) => a - b)).toEqual([vpc, main, own, 32_766]);
    expect(own).toBe(tableOf(index));
  },
);

// SageMaker HyperPod: https://github.com/aws/amazon-vpc-cni-k8s/issues/3753
test("the primary has index 0 as device 1, and another ENI has another index as device 0", () => {
  expect(eniIndex({ isPrimary: true, networkCard: 0, deviceNumber: 1 })).toBe(0);
  expect(eniIndex({ isPrimary: false, networkCard: 0, deviceNumber: 0 })).toBe(31);
});
