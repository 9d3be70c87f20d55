import { describe, expect, test } from "bun:test";
import { replay, runCampaign } from "../kit/fuzz/campaign.ts";
import { runManyTimes } from "../kit/fuzz/run-campaign.ts";
import { seededRuns } from "../kit/basics/seed.ts";
import { keptSeeds } from "./seeds.ts";

// the seed of a finding is in its text: ROUND=seed make fuzz plays it alone
test("some thousand mutated answers: no crash, no escape, no hang, no leak", async () => {
  const { seed } = seededRuns(1);
  const report = await runCampaign({ seed, answers: 4000, concurrency: 24, longestMs: 12_000 });
  expect(report.findings).toEqual([]);
  expect(report.answers).toBeGreaterThan(500);
  expect(Object.keys(report.kinds).length).toBeGreaterThan(20);
  expect(report.outcomes["accepted"]).toBeGreaterThan(0);
}, 40_000);

test("some runs of the executable: a status of the contract, in time, nothing odd on a terminal", async () => {
  const { seed } = seededRuns(1);
  const report = await runManyTimes(seed, 40, 4);
  expect(report.findings).toEqual([]);
  expect(report.runs).toBe(40);
}, 40_000);

describe("rounds that once found something", () => {
  for (const { seed, why } of keptSeeds) {
    test(`${seed}: ${why}`, async () => {
      expect((await replay(seed)).faults).toEqual([]);
    });
  }
});
