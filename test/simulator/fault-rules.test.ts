import { expect, test } from "bun:test";
import type { FaultRule } from "../../scripts/simulator/faults/fault.ts";
import { FaultRules } from "../../scripts/simulator/faults/fault-rules.ts";
import { glob } from "../../scripts/simulator/faults/glob.ts";
import { RateLimit } from "../../scripts/simulator/faults/rate-limit.ts";
import { startSimulator } from "../../scripts/simulator/start.ts";

const hang = { kind: "hang" } as const;
const reset = { kind: "reset" } as const;

/** The kind of fault for `GET /x` at each of the times. */
function faultsAt(rules: readonly FaultRule[], timesMs: readonly number[]): unknown[] {
  let nowMs = 1000;
  const faultRules = new FaultRules(() => nowMs);
  for (const rule of rules) faultRules.add(rule);
  return timesMs.map((atMs) => {
    nowMs = 1000 + atMs;
    return faultRules.nextFault({ method: "GET", path: "/x" })?.kind ?? null;
  });
}

test.each<[string, readonly FaultRule[], readonly number[], unknown[]]>([
  [
    "without limits, the fault applies to every request",
    [{ fault: hang }],
    [0, 9e9],
    ["hang", "hang"],
  ],
  [
    "times limits how many requests have the fault",
    [{ fault: hang, times: 2 }],
    [0, 0, 0],
    ["hang", "hang", null],
  ],
  [
    "skip delays the fault by a number of requests",
    [{ fault: hang, skip: 1, times: 1 }],
    [0, 0, 0],
    [null, "hang", null],
  ],
  [
    "afterMs and forMs limit the time of the fault",
    [{ fault: hang, afterMs: 5, forMs: 5 }],
    [4, 5, 9, 10],
    [null, "hang", "hang", null],
  ],
  ["a request that does not match has no fault", [{ fault: hang, match: "PUT *" }], [0], [null]],
  [
    "the first matching rule applies",
    [{ fault: hang, times: 1 }, { fault: reset }],
    [0, 0],
    ["hang", "reset"],
  ],
  [
    "token-rejected applies only to requests for a token",
    [{ fault: { kind: "token-rejected" } }],
    [0],
    [null],
  ],
])("%s", (_, rules, timesMs, expected) => {
  expect(faultsAt(rules, timesMs)).toEqual(expected);
});

test.each([
  ["GET /latest/*", "GET /latest/meta-data/mac", true],
  ["* /latest/user-data", "HEAD /latest/user-data", true],
  ["*", "PUT /latest/api/token", true],
  ["GET /latest", "GET /latest/", false],
  ["GET /a.b", "GET /aXb", false],
])("%s matches %s: %p", (pattern, text, matches) => {
  expect(glob(pattern)(text)).toBe(matches);
});

test("the rate limit counts the requests of the last second", () => {
  let nowMs = 0;
  const limit = new RateLimit({ perSecond: 2 }, () => nowMs);
  const allowed = [0, 500, 900, 999, 1000, 1001, 1500].map((atMs) => {
    nowMs = atMs;
    return limit.nextFault() === null;
  });
  expect(allowed).toEqual([true, true, false, false, true, false, true]);
});

test("a throttled request gets the status and Retry-After, or no reply with drop", async () => {
  const rateLimit = { perSecond: 1, answer: 429, retryAfter: 2 } as const;
  await using simulator = await startSimulator({ scenario: { rateLimit } });
  expect((await fetch(simulator.url)).status).toBe(401);
  const second = await fetch(simulator.url);
  expect([second.status, second.headers.get("retry-after")]).toEqual([429, "2"]);

  simulator.setRateLimit({ perSecond: 0, answer: "drop" });
  const silent = fetch(simulator.url, { signal: AbortSignal.timeout(40) });
  await expect(silent).rejects.toThrow();
  simulator.setRateLimit(null);
  expect((await fetch(simulator.url)).status).toBe(401);
});
