import { expect, test } from "bun:test";
import { hotplugSchedules } from "../kit/propagation/hotplug-schedules.ts";
import type { EniSpec } from "../../scripts/simulator/scenario/eni-spec.ts";
import { longestQuietMs } from "../kit/propagation/scale-schedule.ts";
import { scheduleEnd } from "../kit/propagation/schedule-end.ts";
import { watchThroughSession } from "../kit/propagation/watch-session.ts";

const settleMs = 10_000;
/** The limit from the moment that IMDS has the data. */
const firstUseMs = 250;
/** ec2nic rereads one leaf per second. */
const rereadMs = 4000;

for (const [name, schedule] of Object.entries(hotplugSchedules)) {
  test.concurrent(name, async () => {
    const { before = [{ device: 0 }], eni: spec, changes = [], faults = [], possibleMs } = schedule;
    const hiddenMs = schedule.isHidden ? rereadMs : 0;
    const { mac, card, device, ...end } = scheduleEnd(schedule);
    const run = await watchThroughSession({
      scenario: { enis: [...before, spec], changes, faults },
      macs: [mac],
      settleMs: Math.max(settleMs, longestQuietMs(schedule) + 1000) + hiddenMs,
      timeoutMs: 120_000,
    });
    const kinds = run.events.map(({ event }) => event.kind);
    if (schedule.expectedEvents !== undefined || schedule.completeMs === undefined) {
      expect(kinds).toEqual([...(schedule.expectedEvents ?? ["usable", "settled"])]);
    }
    const { eni } = run.events.at(-1)?.event ?? {};
    expect(eni).toMatchObject({ networkCard: card, deviceNumber: device });
    const families = [eni?.ipv4, eni?.ipv6];
    expect(families.flatMap((each) => each?.addresses ?? [])).toEqual([...end.addresses]);
    expect(families.flatMap((each) => each?.prefixes ?? [])).toEqual([...end.prefixes]);

    const usableMs = run.events[0]?.atMs ?? Infinity;
    const failedMs = run.requests.findLast(({ fault }) => fault !== null)?.atMs ?? 0;
    const refusedMs = faults.find(({ fault }) => fault.kind === "refuse")?.forMs ?? 0;
    // after an error, ec2nic pauses for 100, 200, 400, 800 ms, of which half is random
    const allowedMs = possibleMs ?? Math.max(failedMs + 400, refusedMs + 800);
    expect(usableMs - allowedMs).toBeLessThanOrEqual(firstUseMs);
    if (schedule.completeMs !== undefined) {
      const lastMs = run.events.findLast(({ event }) => event.kind === "changed")?.atMs ?? Infinity;
      expect(lastMs - schedule.completeMs).toBeLessThanOrEqual(firstUseMs + hiddenMs);
    }

    const lastRequestMs = run.requests.at(-1)?.atMs ?? 0;
    const untilUsable = run.requests.filter(({ atMs }) => atMs < usableMs);
    if (possibleMs === 0) expect(untilUsable.length).toBeLessThanOrEqual(20);
    // 30 for the data that is read once, and five per second
    expect(run.requests.length).toBeLessThanOrEqual(30 + (lastRequestMs / 1000) * 5);
  });
}

type Late = NonNullable<EniSpec["late"]>;

test.concurrent(
  "four NICs at once share one token, with at most six requests in flight",
  async () => {
    const macs = [1, 2, 3, 4].map((device) => `06:ec:2a:00:00:0${device}`);
    const late = (device: number): Late => ({ ".": 200 * device });
    const others = [1, 2, 3, 4].map((device) => ({ device, late: late(device) }));
    const scenario = { enis: [{ device: 0 }, ...others] };
    const run = await watchThroughSession({ scenario, macs, settleMs, timeoutMs: 60_000 });
    expect(run.events.filter(({ event }) => event.kind === "settled").length).toBe(4);
    expect(run.requests.filter(({ method }) => method === "PUT").length).toBe(1);
    expect(run.maxInFlight).toBeLessThanOrEqual(6);
  },
);

test.concurrent("an EFA-only ENI is usable without an address after --settle", async () => {
  const scenario = { enis: [{ device: 0 }, { device: 1, efaOnly: true }] };
  const macs = ["06:ec:2a:00:00:01"];
  const run = await watchThroughSession({ scenario, macs, settleMs, timeoutMs: 60_000 });
  expect(run.events.map(({ event }) => event.kind)).toEqual(["usable", "settled"]);
  expect(run.events[0]?.atMs).toBeGreaterThan(settleMs);
});
