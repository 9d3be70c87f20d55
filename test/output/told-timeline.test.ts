import { expect, test } from "bun:test";
import type { NicOutcome } from "../../src/net/network-plan.ts";
import { toldTimeline } from "../../src/output/told-timeline.ts";

const base = { listedMs: 20, usableMs: 77, ipv6Ms: null, requests: 7 };

test.each<
  readonly [string, NicOutcome, number | null, number | null, number | null, number | null]
>([
  ["settled is not before applied", "configured", 95, 77, 95, 95],
  ["settled later is settled later", "configured", 95, 10_077, 95, 10_077],
  ["what did not settle did not", "incomplete", 95, null, 95, null],
  ["what failed was not applied, and settled", "failed", null, 77, null, 77],
  ["what was left alone was not applied", "skipped", 95, 77, null, 77],
])("%s", (_name, outcome, appliedMs, settledMs, toldAppliedMs, toldSettledMs) => {
  expect(toldTimeline({ outcome, timeline: { ...base, appliedMs, settledMs } })).toEqual({
    ...base,
    appliedMs: toldAppliedMs,
    settledMs: toldSettledMs,
  });
});
