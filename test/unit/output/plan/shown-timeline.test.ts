import { expect, test } from "bun:test";
import type { NicOutcome } from "../../../../src/model/plan.ts";
import { adjustTimeline } from "../../../../src/output/plan/timeline.ts";

type Times = { readonly appliedMs: number | null; readonly settledMs: number | null };
const times = (appliedMs: number | null, settledMs: number | null): Times => {
  return { appliedMs, settledMs };
};
const base = { listedMs: 20, usableMs: 77, ipv6Ms: null, requests: 7 };

test.each<readonly [string, NicOutcome, Times, Times]>([
  ["settled is not before applied", "configured", times(95, 77), times(95, 95)],
  ["settled later is settled later", "configured", times(95, 9000), times(95, 9000)],
  ["what did not settle did not", "incomplete", times(95, null), times(95, null)],
  ["what failed was not applied, and settled", "failed", times(null, 77), times(null, 77)],
  ["what was left alone was not applied", "skipped", times(95, 77), times(null, 77)],
  ["nor what was left as it is", "kept", times(95, 77), times(null, 77)],
])("%s", (_name, outcome, given, told) => {
  const timeline = { ...base, ...given };
  expect(adjustTimeline({ outcome, timeline })).toEqual({ ...base, ...told });
});
