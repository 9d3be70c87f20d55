import { expect, test } from "bun:test";
import { Failure } from "../../../../src/exit.ts";
import { type Answer, transientError } from "../../../../src/imds/protocol/answer.ts";
import { retry, type RetryLimits } from "../../../../src/imds/protocol/retry.ts";
import { fakeClock, fakeLog } from "../../../kit/host/fake-host.ts";

const value = (text: string): Answer => ({ kind: "value", body: new TextEncoder().encode(text) });
const absent: Answer = { kind: "absent" };
const busy = transientError("503, throttled");
const forever: RetryLimits = {
  deadlineMs: Infinity,
  retries: Infinity,
  awaitAbsent: false,
  onRetry: () => undefined,
};

/** Runs `retry` over answers that come one after the other, the last one for ever. */
async function run(answers: readonly Answer[], limits: Partial<RetryLimits> = {}, random = 1) {
  const clock = fakeClock(random);
  const log = fakeLog();
  const host = { clock, log, signal: new AbortController().signal };
  let tries = 0;
  const attempt = async () => {
    const answer = answers[Math.min(tries, answers.length - 1)];
    tries += 1;
    return answer ?? absent;
  };
  const outcome = await retry(host, "the key", { ...forever, ...limits }, attempt).then(
    (body) => (body === null ? null : new TextDecoder().decode(body)),
    (error: unknown) => error,
  );
  return { outcome, tries, slept: clock.slept, log };
}

test("retry returns a value without a wait and without a message", async () => {
  const { outcome, slept, log } = await run([value("v")]);
  expect([outcome, slept, log.lines]).toEqual(["v", [], []]);
});

test("retry doubles the delay from 200 ms up to 5 s", async () => {
  const { slept } = await run([busy], { retries: 8 });
  expect(slept).toEqual([200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
});

test("retry uses full jitter: a random part of each delay", async () => {
  expect((await run([busy], { retries: 3 }, 0.5)).slept).toEqual([100, 200, 400]);
  expect((await run([busy], { retries: 3 }, 0)).slept).toEqual([0, 0, 0]);
});

test.each([0, 1, 5])("%d retries are one try more", async (retries) => {
  const { tries, outcome } = await run([busy], { retries });
  expect(tries).toBe(retries + 1);
  expect(outcome).toMatchObject({ kind: "UNAVAILABLE" });
});

test("retry waits until 50 ms before the deadline at most", async () => {
  const { slept, outcome } = await run([busy], { deadlineMs: 1000 });
  expect(slept.slice(0, 3)).toEqual([200, 400, 200]);
  expect(slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(950);
  expect(outcome).toBeInstanceOf(Failure);
});

test("Retry-After makes a wait longer and never shorter", async () => {
  const asked = (retryAfterMs: number) => transientError("503, throttled", { retryAfterMs });
  expect((await run([asked(3000), value("v")])).slept).toEqual([3000]);
  expect((await run([asked(0), value("v")])).slept).toEqual([200]);
  const late = await run([asked(3000)], { deadlineMs: 3000 });
  expect([late.slept, late.tries]).toEqual([[], 1]);
  expect(late.outcome).toMatchObject({
    kind: "UNAVAILABLE",
    hint: "IMDS demands a pause of 3 s (Retry-After), so use a longer --timeout",
  });
});

test("a 404 returns null at once, and with awaitAbsent at the deadline", async () => {
  expect(await run([absent])).toMatchObject({ outcome: null, tries: 1 });
  expect(await run([absent, absent, value("v")], { awaitAbsent: true })).toMatchObject({
    outcome: "v",
    slept: [200, 400],
  });
  const late = await run([absent], { awaitAbsent: true, deadlineMs: 1000 });
  expect(late.outcome).toBeNull();
  expect(late.tries).toBeGreaterThan(3);
});

test("a 404 with awaitAbsent is not counted as a retry", async () => {
  const limits = { awaitAbsent: true, retries: 0 };
  expect((await run([absent, absent, value("v")], limits)).outcome).toBe("v");
  expect((await run([absent, busy, value("v")], limits)).outcome).toMatchObject({
    kind: "UNAVAILABLE",
  });
});

test("retry throws the last error with the number of tries and the time", async () => {
  const odd = transientError("the answer is not HTTP", { endsAs: "DATAERR" });
  expect((await run([busy, odd], { retries: 1 })).outcome).toMatchObject({
    kind: "DATAERR",
    message: "the key: the answer is not HTTP (2 tries in 200 ms)",
    hint: undefined,
  });
  const lost = transientError("connection refused", { cause: "path" });
  expect((await run([lost], { retries: 0 })).outcome).toMatchObject({
    message: "the key: connection refused (1 try in 0 ms)",
    hint: expect.stringContaining("ec2nic probe-nics"),
  });
});

// that nothing was answered in the time which was left shows nothing about IMDS
test("retry throws the error before the last, if the deadline cut the last try short", async () => {
  const cut = transientError("no complete answer", { cause: "path", isCutByDeadline: true });
  const message = expect.stringContaining("503, throttled (2 tries");
  expect((await run([busy, cut], { retries: 1 })).outcome).toMatchObject({ message });
  expect((await run([cut], { retries: 0 })).outcome).toMatchObject({
    message: expect.stringContaining("no complete answer"),
  });
});

test("a new path ends the delay after an error of a path, and only that", async () => {
  let asked = 0;
  const untilNewPath = async () => void (asked += 1);
  const lost = transientError("connection refused", { cause: "path" });
  await run([lost, busy, value("v")], { untilNewPath });
  expect(asked).toBe(1);
});

test("retry throws a final failure at once", async () => {
  const clock = fakeClock();
  const host = { clock, log: fakeLog(), signal: new AbortController().signal };
  const final = new Failure("CONFIG", "403");
  expect(retry(host, "k", forever, () => Promise.reject(final))).rejects.toBe(final);
  expect(clock.slept).toEqual([]);
});

test("retry logs the reason and the delay of each retry", async () => {
  const { log } = await run([busy, value("v")]);
  expect(log.lines).toEqual(["verbose: the key: 503, throttled; trying again in 200 ms"]);
});

// The live line shows the time since the first wait: it must not be cleared between two waits.
test("retry shows the wait from the first error until the end", async () => {
  const { log } = await run([busy, busy, busy, value("v")]);
  const shown = log.waits.map((wait) => wait?.tries ?? null);
  expect(shown).toEqual([1, 1, 2, 3, null]);
});

test("a signal ends retry with its reason", async () => {
  const controller = new AbortController();
  const why = new Failure("SIGTERM", "ended by SIGTERM");
  controller.abort(why);
  const host = { clock: fakeClock(), log: fakeLog(), signal: controller.signal };
  expect(retry(host, "k", forever, async () => busy)).rejects.toBe(why);
});
