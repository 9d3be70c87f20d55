import { expect, test } from "bun:test";
import { describeTimeline } from "../../../../src/output/plan/timeline.ts";

const never = { listedMs: null, usableMs: null, appliedMs: null, ipv6Ms: null, settledMs: null };

test("a timeline lists in order what happened, and leaves out the rest", () => {
  const timeline = { ...never, listedMs: 2100, usableMs: 3400, appliedMs: 3500, requests: 30 };
  expect(describeTimeline({ ...timeline, ipv6Ms: 8000, settledMs: 18_000 })).toBe(
    "listed 2.1 s, usable 3.4 s, applied 3.5 s, IPv6 8 s, settled 18 s",
  );
  expect(describeTimeline(timeline)).toBe("listed 2.1 s, usable 3.4 s, applied 3.5 s");
  expect(describeTimeline({ ...never, requests: 0 })).toBe("");
});
