import { expect, test } from "bun:test";
import { maxDeviceNumber, maxNetworkCard } from "../../../../src/model/eni.ts";
import {
  eniIndex,
  indexOfPriority,
  indexOfSlot,
  isIndex,
  metricOf,
  prioritiesOf,
  provisionalCards,
  type RuleKind,
  slotOfIndex,
  tableOf,
} from "../../../../src/plan/config/table-numbers.ts";

test.each([
  { networkCard: 0, deviceNumber: 0, isPrimary: true, index: 0, metric: 64, table: 10_000 },
  { networkCard: 0, deviceNumber: 7, index: 7, metric: 71, table: 10_007 },
  { networkCard: 1, deviceNumber: 1, index: 101, metric: 165, table: 10_101 },
  { networkCard: 31, deviceNumber: 1, index: 3101, metric: 3165, table: 13_101 },
])(
  "card $networkCard, device $deviceNumber has index $index",
  ({ index, metric, table, isPrimary = false, ...slot }) => {
    expect(eniIndex({ isPrimary, ...slot })).toBe(index);
    expect(slotOfIndex(index)).toEqual(slot);
    expect([metricOf(index), tableOf(index)]).toEqual([metric, table]);
  },
);

// An image's catch-all file gives a NIC that is not configured yet metric 100, and NetworkManager
// gives a VPN 50.
test("the primary's metric is below 100, above 50, and the lowest", () => {
  expect(metricOf(0)).toBeLessThan(Math.min(100, metricOf(1)));
  expect(metricOf(0)).toBeGreaterThan(50);
});

const cardCount = maxNetworkCard + 1 + provisionalCards.count;
const indexes = Array.from({ length: cardCount }, (_, networkCard) =>
  Array.from({ length: maxDeviceNumber + 1 }, (__, deviceNumber) =>
    indexOfSlot({ networkCard, deviceNumber }),
  ),
).flat();
const kinds: readonly RuleKind[] = ["table", "main", "own"];

test("every priority identifies one NIC and one kind of rule", () => {
  const all = indexes.flatMap((index) => Object.values(prioritiesOf(index)));
  expect(new Set(all).size).toBe(3 * indexes.length);
  for (const index of indexes) {
    const priorities = prioritiesOf(index);
    for (const kind of kinds) expect(indexOfPriority(priorities[kind], kind)).toBe(index);
  }
});

test("the priorities are between those of other programs, and kinds do not overlap", () => {
  const of = (kind: RuleKind) => indexes.map((index) => prioritiesOf(index)[kind]);
  const ranges = kinds.flatMap((kind) => [Math.min(...of(kind)), Math.max(...of(kind))]);
  expect([1536, ...ranges, 5200].toSorted((a, b) => a - b)).toEqual([1536, ...ranges, 5200]);
});

test.each([-1, 32, 99, 3232, 3400, 9999])("%d is the index of no NIC", (index) => {
  expect(isIndex(index)).toBe(false);
});

test.each([0, 1599, 2688, 2699, 2700, 3799, 4888, 5208, 32_766])(
  "%d is no priority of another kind",
  (priority) => {
    expect(kinds.filter((kind) => indexOfPriority(priority, kind) !== null)).toEqual(
      priority === 2700 ? ["main"] : [],
    );
  },
);

// SageMaker HyperPod: https://github.com/aws/amazon-vpc-cni-k8s/issues/3753
test("the primary has index 0 as device 1, and another ENI has another index as device 0", () => {
  expect(eniIndex({ isPrimary: true, networkCard: 0, deviceNumber: 1 })).toBe(0);
  expect(eniIndex({ isPrimary: false, networkCard: 0, deviceNumber: 0 })).toBe(31);
});
