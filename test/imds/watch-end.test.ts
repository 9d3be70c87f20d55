import { describe, expect, test } from "bun:test";
import { trouble } from "../../src/imds/answer.ts";
import type { EniSpec } from "../support/imds-simulator/eni-spec.ts";
import { watchInMemory } from "../support/watch-bench.ts";

const busy = trouble("503, throttled");

/** A primary and the NIC that was plugged in. */
function plugged(late: NonNullable<EniSpec["late"]> = {}, spec: Partial<EniSpec> = {}) {
  return { enis: [{ device: 0 }, { device: 1, dualStack: true, late, ...spec }] };
}

function reasonsOf({ told }: Awaited<ReturnType<typeof watchInMemory>>): readonly string[] {
  const { event } = told.at(-1) ?? {};
  return event?.kind === "incomplete" ? event.reasons : ["it did not end incomplete"];
}

describe("at the deadline", () => {
  const hints = { dhcp: [], hasRouter: true, hasCarrier: false };

  test("a hint is no reason: what is whole at the deadline is whole", async () => {
    const whole = { scenario: plugged({}, { dualStack: false }), settleMs: 3_600_000 };
    const run = await watchInMemory({ ...whole, deadlineMs: 3000, kernel: () => hints });
    expect(run.told.at(-1)?.event).toMatchObject({ kind: "incomplete", reasons: [] });
    const reasons = run.log.waits.map((wait) => wait?.reason);
    expect(reasons).toContain("a router advertises itself: ipv6s may still come");
  });

  test("of an IMDS that fell silent, its trouble is the reason", async () => {
    const run = await watchInMemory({
      scenario: plugged(),
      deadlineMs: 5000,
      kernel: () => hints,
      fault: (_path, atMs) => (atMs >= 1000 ? busy : null),
    });
    const [reason, ...more] = reasonsOf(run);
    expect([reason, more]).toEqual([expect.stringContaining(": 503, throttled"), []]);
    const unlisted = await watchInMemory({
      scenario: { enis: [{ device: 0 }] },
      deadlineMs: 5000,
      fault: (_path, atMs) => (atMs >= 1000 ? busy : null),
    });
    const silence = expect.stringContaining(": 503, throttled");
    expect(reasonsOf(unlisted)).toEqual([silence, "macs/ does not list it"]);
  });

  test("a last look that the deadline cut is no silence", async () => {
    const cut = trouble("no whole answer within 90 ms", { isCutByDeadline: true });
    const run = await watchInMemory({
      scenario: plugged(),
      deadlineMs: 5000,
      fault: (_path, atMs) => (atMs >= 4850 ? cut : null),
    });
    expect(run.asked.at(-1)?.atMs).toBeGreaterThanOrEqual(4850);
    expect(reasonsOf(run)).toEqual([]);
  });

  test("a leaf that is never there is told at the deadline, and what is usable with it", async () => {
    const late = { ipv6s: { afterMs: 1e9, listed: true } };
    const run = await watchInMemory({ scenario: plugged(late), deadlineMs: 5000 });
    expect(run.told.at(-1)?.event).toMatchObject({
      eni: null,
      reasons: ["ipv6s: listed, but not there yet"],
    });
  });
});
