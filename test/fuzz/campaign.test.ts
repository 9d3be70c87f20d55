import { describe, expect, test } from "bun:test";
import { replay, runCampaign } from "../kit/fuzz/campaign.ts";
import { runManyTimes } from "../kit/fuzz/run-campaign.ts";
import { seededRuns } from "../kit/basics/seed.ts";
import { keptSeeds } from "./seeds.ts";

// each finding names its seed: `ROUND=seed make fuzz` repeats that round alone
test("thousands of mutated replies cause no crash, escape, hang or leak", async () => {
  const { seed } = seededRuns(1);
  const report = await runCampaign({ seed, answers: 4000, concurrency: 24, longestMs: Infinity });
  expect(report.findings).toEqual([]);
  expect(report.answers).toBeGreaterThanOrEqual(4000);
  expect(Object.keys(report.kinds).length).toBeGreaterThan(20);
  expect(report.outcomes["accepted"]).toBeGreaterThan(0);
});

test("40 runs of the executable end in time, with a documented status and safe output", async () => {
  const { seed } = seededRuns(1);
  const report = await runManyTimes(seed, 40, 4);
  expect(report.findings).toEqual([]);
  expect(report.runs).toBe(40);
});

describe("rounds that found a defect in the past find none now", () => {
  for (const { seed, why } of keptSeeds) {
    test(`${seed}: ${why}`, async () => {
      expect((await replay(seed)).faults).toEqual([]);
    });
  }
});
