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
const placeOf = (of: string, deviceNumber: number, networkCard = 0): OccupiedSlot => {
  return { mac: of, name: "ens7", networkCard, deviceNumber };
};
const isTaken =
  "not-yet: network card 0, device 1 is where ens7 is (06:aa:bb:cc:dd:03): it has not propagated yet [device-number]";

const table: readonly (readonly [string, EniFactChanges, string])[] = [
  ["a NIC that is here has that place", { facts: { occupiedSlots: [placeOf(other, 1)] } }, isTaken],
  ["another place is free", { facts: { occupiedSlots: [placeOf(other, 2)] } }, "usable 10.0.1.20"],
  [
    "the same number on another card is free",
    { facts: { occupiedSlots: [placeOf(other, 1, 1)] } },
    "usable 10.0.1.20",
  ],
  [
    "its own file from before does not count against it",
    { facts: { occupiedSlots: [placeOf(mac, 1)] } },
    "usable 10.0.1.20",
  ],
  [
    "the two changed places, and IMDS says so of both",
    {
      facts: { occupiedSlots: [placeOf(other, 1)], otherEnis: otherEni({ "device-number": "2" }) },
    },
    "usable 10.0.1.20",
  ],
  [
    "the other one's number has not propagated",
    {
      facts: { occupiedSlots: [placeOf(other, 1)], otherEnis: otherEni({ "device-number": "0" }) },
    },
    isTaken,
  ],
  [
    "what was whole stays, and is doubted",
    { facts: { occupiedSlots: [placeOf(other, 1)], lastUsable: lastUsable } },
    `usable 10.0.1.20; ${isTaken.slice(9, -16)}`,
  ],
  [
    "the primary's place is never anybody else's",
    {
      leaves: { "device-number": "0" },
      facts: { primaryMac: mac, occupiedSlots: [placeOf(other, 0)] },
    },
    "usable 10.0.1.20",
  ],
];

test.each(table)("%s", (_name, given, expected) => expect(describeVerdict(given)).toBe(expected));

test("the place of a NIC that is not watched is not given away, until the real number comes", async () => {
  const late = { "device-number": { afterMs: 6000, before: "1" } };
  const run = await watchInMemory({
    scenario: { enis: [{ device: 0 }, { device: 1 }, { device: 2, late }] },
    macs: ["06:ec:2a:00:00:02"],
    settleMs: 0,
    occupiedSlots: () => [placeOf(pluggedMac, 1)],
  });
  expect(run.events[0]).toMatchObject({ event: { kind: "usable", eni: { deviceNumber: 2 } } });
  expect(run.events[0]?.atMs).toBeGreaterThanOrEqual(6000);
});

test("a NIC that leaves gives its place free", async () => {
  const run = await watchInMemory({
    scenario: { enis: [{ device: 0 }, { device: 1 }] },
    settleMs: 0,
    occupiedSlots: (nowMs) => (nowMs < 2000 ? [placeOf(other, 1)] : []),
  });
  expect(run.events[0]).toMatchObject({ event: { kind: "usable" } });
  expect(Math.round((run.events[0]?.atMs ?? 0) / 500)).toBe(4);
});
