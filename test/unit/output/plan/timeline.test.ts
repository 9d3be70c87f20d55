import { expect, test } from "bun:test";
import type { NicOutcome } from "../../../../src/model/plan.ts";
import { adjustTimeline, describeTimeline } from "../../../../src/output/plan/timeline.ts";

const never = { listedMs: null, usableMs: null, appliedMs: null, ipv6Ms: null, settledMs: null };

test("a timeline lists in order what happened, and leaves out the rest", () => {
  const timeline = { ...never, listedMs: 2100, usableMs: 3400, appliedMs: 3500, requests: 30 };
  expect(describeTimeline({ ...timeline, ipv6Ms: 8000, settledMs: 18_000 })).toBe(
    "listed 2.1 s, usable 3.4 s, applied 3.5 s, IPv6 8 s, settled 18 s",
  );
  expect(describeTimeline(timeline)).toBe("listed 2.1 s, usable 3.4 s, applied 3.5 s");
  expect(describeTimeline({ ...never, requests: 0 })).toBe("");
});

type Times = { readonly appliedMs: number | null; readonly settledMs: number | null };
const times = (appliedMs: number | null, settledMs: number | null): Times => {
  return { appliedMs, settledMs };
};
const base = { listedMs: 20, usableMs: 77, ipv6Ms: null, requests: 7 };

test.each<readonly [string, NicOutcome, Times, Times]>([
  ["settledMs is not before appliedMs", "configured", times(95, 77), times(95, 95)],
  ["a later settledMs is unchanged", "configured", times(95, 9000), times(95, 9000)],
  ["an incomplete NIC has no settledMs", "incomplete", times(95, null), times(95, null)],
  ["a failed NIC has settledMs without appliedMs", "failed", times(null, 77), times(null, 77)],
  ["a skipped NIC has no appliedMs", "skipped", times(95, 77), times(null, 77)],
  ["a kept NIC has no appliedMs", "kept", times(95, 77), times(null, 77)],
])("%s", (_name, outcome, given, shown) => {
  const timeline = { ...base, ...given };
  expect(adjustTimeline({ outcome, timeline })).toEqual({ ...base, ...shown });
});
