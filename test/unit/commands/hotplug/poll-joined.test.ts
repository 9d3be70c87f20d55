import { describe, expect, test } from "bun:test";
import { pluggedMac, watchInMemory } from "../../../kit/propagation/watch-in-memory.ts";

describe("who joins and who leaves", () => {
  const third = "06:ec:2a:00:00:02";
  const two = { enis: [{ device: 0 }, { device: 1 }, { device: 2 }] };

  test("one that joins later is usable at once, and asks nothing twice of the instance", async () => {
    const run = await watchInMemory({
      scenario: two,
      alsoWanted: (nowMs, events) => {
        const isOver = events.some(({ event }) => event.mac === third && event.kind === "settled");
        return nowMs >= 4000 && !isOver ? [third] : [];
      },
    });
    const events = run.events.filter(({ event }) => event.mac === third);
    expect(events.map(({ event }) => event.kind)).toEqual(["usable", "settled"]);
    expect(events[0]?.atMs).toBeLessThanOrEqual(4300);
    expect(run.requests.filter(({ path }) => path === "meta-data/mac").length).toBe(1);
  });

  test("one that is not wanted any more is dropped without a word", async () => {
    const late = { "device-number": { afterMs: 1e9, before: "0" } };
    const scenario = { enis: [{ device: 0 }, { device: 1 }, { device: 2, late }] };
    const run = await watchInMemory({
      scenario,
      alsoWanted: (nowMs) => (nowMs < 3000 ? [third] : []),
    });
    expect(run.events.map(({ event }) => event.mac)).toEqual([pluggedMac, pluggedMac]);
    expect(run.endMs).toBeLessThan(12_000);
  });

  test("one that is wanted again when it has settled is watched from the beginning", async () => {
    const run = await watchInMemory({
      scenario: two,
      macs: [],
      settleMs: 2000,
      alsoWanted: (nowMs) => (nowMs < 3000 ? [third] : []),
    });
    const kinds = run.events.map(({ event }) => event.kind);
    expect(kinds).toEqual(["usable", "settled", "usable"]);
  });

  test("nobody is wanted: nothing is asked", async () => {
    expect((await watchInMemory({ scenario: two, macs: [] })).requests).toEqual([]);
  });
});
