import { expect, test } from "bun:test";
import type { OccupiedSlot } from "../../../../src/model/link.ts";
import {
  lastUsable,
  type EniFactChanges,
  mac,
  otherEni,
  describeVerdict,
} from "../../../kit/facts/eni-facts.ts";
import { pluggedMac, watchInMemory } from "../../../kit/propagation/watch-in-memory.ts";

const other = "06:aa:bb:cc:dd:03";
const slotOf = (mac: string, deviceNumber: number, networkCard = 0): OccupiedSlot => {
  return { mac, name: "ens7", networkCard, deviceNumber };
};
const occupied =
  "not-yet: network card 0, device 1 is the slot of ens7 (06:aa:bb:cc:dd:03), so it has not propagated yet [device-number]";

const table: readonly (readonly [string, EniFactChanges, string])[] = [
  [
    "the slot of a present NIC is occupied",
    { facts: { occupiedSlots: [slotOf(other, 1)] } },
    occupied,
  ],
  ["another slot is free", { facts: { occupiedSlots: [slotOf(other, 2)] } }, "usable 10.0.1.20"],
  [
    "the same number on another card is free",
    { facts: { occupiedSlots: [slotOf(other, 1, 1)] } },
    "usable 10.0.1.20",
  ],
  [
    "its own earlier file does not occupy its slot",
    { facts: { occupiedSlots: [slotOf(mac, 1)] } },
    "usable 10.0.1.20",
  ],
  [
    "two ENIs that exchanged slots are usable when IMDS shows both numbers",
    {
      facts: { occupiedSlots: [slotOf(other, 1)], otherEnis: otherEni({ "device-number": "2" }) },
    },
    "usable 10.0.1.20",
  ],
  [
    "a slot stays occupied while the number of the other ENI has not propagated",
    {
      facts: { occupiedSlots: [slotOf(other, 1)], otherEnis: otherEni({ "device-number": "0" }) },
    },
    occupied,
  ],
  [
    "a usable ENI whose slot becomes occupied stays usable, with the reason",
    { facts: { occupiedSlots: [slotOf(other, 1)], lastUsable: lastUsable } },
    `usable 10.0.1.20; ${occupied.slice(9, -16)}`,
  ],
  [
    "the slot of the primary is never occupied",
    {
      leaves: { "device-number": "0" },
      facts: { primaryMac: mac, occupiedSlots: [slotOf(other, 0)] },
    },
    "usable 10.0.1.20",
  ],
];

test.each(table)("%s", (_name, given, expected) => expect(describeVerdict(given)).toBe(expected));

test("an ENI in the slot of an unwatched NIC waits for its real number", async () => {
  const late = { "device-number": { afterMs: 6000, before: "1" } };
  const run = await watchInMemory({
    scenario: { enis: [{ device: 0 }, { device: 1 }, { device: 2, late }] },
    macs: ["06:ec:2a:00:00:02"],
    settleMs: 0,
    occupiedSlots: () => [slotOf(pluggedMac, 1)],
  });
  expect(run.events[0]).toMatchObject({ event: { kind: "usable", eni: { deviceNumber: 2 } } });
  expect(run.events[0]?.atMs).toBeGreaterThanOrEqual(6000);
});

test("a NIC that is removed frees its slot", async () => {
  const run = await watchInMemory({
    scenario: { enis: [{ device: 0 }, { device: 1 }] },
    settleMs: 0,
    occupiedSlots: (nowMs) => (nowMs < 2000 ? [slotOf(other, 1)] : []),
  });
  expect(run.events[0]).toMatchObject({ event: { kind: "usable" } });
  expect(Math.round((run.events[0]?.atMs ?? 0) / 500)).toBe(4);
});
