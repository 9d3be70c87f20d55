import { expect, test } from "bun:test";
import type { FaultRule } from "../../scripts/simulator/faults/fault.ts";
import { FaultBook } from "../../scripts/simulator/faults/fault-rules.ts";
import { glob } from "../../scripts/simulator/faults/glob.ts";
import { RateLimit } from "../../scripts/simulator/faults/rate-limit.ts";
import { startSimulator } from "../../scripts/simulator/start.ts";

const hang = { kind: "hang" } as const;
const reset = { kind: "reset" } as const;

/** What strikes `GET /x` at each of the times. */
function strikes(rules: readonly FaultRule[], timesMs: readonly number[]): unknown[] {
  let nowMs = 1000;
  const book = new FaultBook(() => nowMs);
  for (const rule of rules) book.add(rule);
  return timesMs.map((atMs) => {
    nowMs = 1000 + atMs;
    return book.take({ method: "GET", path: "/x" })?.kind ?? null;
  });
}

test.each<[string, readonly FaultRule[], readonly number[], unknown[]]>([
  ["always", [{ fault: hang }], [0, 9e9], ["hang", "hang"]],
  ["times", [{ fault: hang, times: 2 }], [0, 0, 0], ["hang", "hang", null]],
  ["skip", [{ fault: hang, skip: 1, times: 1 }], [0, 0, 0], [null, "hang", null]],
  [
    "a window",
    [{ fault: hang, afterMs: 5, forMs: 5 }],
    [4, 5, 9, 10],
    [null, "hang", "hang", null],
  ],
  ["no fit", [{ fault: hang, match: "PUT *" }], [0], [null]],
  ["the first wins", [{ fault: hang, times: 1 }, { fault: reset }], [0, 0], ["hang", "reset"]],
  ["tokens only", [{ fault: { kind: "token-rejected" } }], [0], [null]],
])("%s", (_, rules, timesMs, wanted) => {
  expect(strikes(rules, timesMs)).toEqual(wanted);
});

test.each([
  ["GET /latest/*", "GET /latest/meta-data/mac", true],
  ["* /latest/user-data", "HEAD /latest/user-data", true],
  ["*", "PUT /latest/api/token", true],
  ["GET /latest", "GET /latest/", false],
  ["GET /a.b", "GET /aXb", false],
])("%s fits %s: %p", (pattern, text, fits) => {
  expect(glob(pattern)(text)).toBe(fits);
});

test("the rate limit looks at any one second", () => {
  let nowMs = 0;
  const limit = new RateLimit({ perSecond: 2 }, () => nowMs);
  const taken = [0, 500, 900, 999, 1000, 1001, 1500].map((atMs) => {
    nowMs = atMs;
    return limit.take() === null;
  });
  expect(taken).toEqual([true, true, false, false, true, false, true]);
});

test("beyond the limit: the status, with when to come again, or silence", async () => {
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
