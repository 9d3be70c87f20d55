import { expect, test } from "bun:test";
import type { NicOutcome } from "../../../../src/model/plan.ts";
import { adjustTimeline } from "../../../../src/output/plan/timeline.ts";

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
