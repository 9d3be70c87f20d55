import { describe, expect, test } from "bun:test";
import { pluggedMac, watchInMemory } from "../../../kit/propagation/watch-in-memory.ts";

describe("NICs that join and leave a watch", () => {
  const third = "06:ec:2a:00:00:02";
  const two = { enis: [{ device: 0 }, { device: 1 }, { device: 2 }] };

  test("a NIC that joins later is usable at once, and meta-data/mac is not read again", async () => {
    const run = await watchInMemory({
      scenario: two,
      alsoWanted: (nowMs, events) => {
        const isOver = events.some(({ event }) => event.mac === third && event.kind === "settled");
        return nowMs >= 4000 && !isOver ? [third] : [];
      },
    });
    const ofThird = run.events.filter(({ event }) => event.mac === third);
    expect(ofThird.map(({ event }) => event.kind)).toEqual(["usable", "settled"]);
    expect(ofThird[0]?.atMs).toBeLessThanOrEqual(4300);
    expect(run.requests.filter(({ path }) => path === "meta-data/mac").length).toBe(1);
  });

  test("a NIC that leaves has no event", async () => {
    const late = { "device-number": { afterMs: 1e9, before: "0" } };
    const scenario = { enis: [{ device: 0 }, { device: 1 }, { device: 2, late }] };
    const run = await watchInMemory({
      scenario,
      alsoWanted: (nowMs) => (nowMs < 3000 ? [third] : []),
    });
    expect(run.events.map(({ event }) => event.mac)).toEqual([pluggedMac, pluggedMac]);
    expect(run.endMs).toBeLessThan(12_000);
  });

  test("a NIC that joins again after it settled is watched from the start", async () => {
    const run = await watchInMemory({
      scenario: two,
      macs: [],
      settleMs: 2000,
      alsoWanted: (nowMs) => (nowMs < 3000 ? [third] : []),
    });
    const kinds = run.events.map(({ event }) => event.kind);
    expect(kinds).toEqual(["usable", "settled", "usable"]);
  });

  test("a watch without NICs sends no request", async () => {
    expect((await watchInMemory({ scenario: two, macs: [] })).requests).toEqual([]);
  });
});
