import { expect, test } from "bun:test";
import { type Answer, transientError } from "../../../../src/imds/protocol/answer.ts";
import { createRateLimiter } from "../../../../src/imds/protocol/rate-limit.ts";
import { fakeClock } from "../../../kit/host/fake-host.ts";

const value: Answer = { kind: "value", body: new Uint8Array() };
const throttled = transientError("503, throttled", { cause: "rate" });
const broken = transientError("500, server error");

/** Sends requests one after the other; `answer` is the answer to the nth. Returns their times. */
async function send(times: number, answer: (nth: number, nowMs: number) => Answer) {
  const clock = fakeClock();
  const limited = createRateLimiter({ clock, signal: new AbortController().signal });
  const atMs: number[] = [];
  for (let nth = 0; nth < times; nth += 1) {
    await limited(async () => {
      atMs.push(clock.now());
      return answer(nth, clock.now());
    });
  }
  return { atMs, slept: clock.slept };
}

test("the limiter allows a hundred requests at once, and then a hundred in each second", async () => {
  const { atMs } = await send(250, () => value);
  const inSecond = (second: number) => atMs.filter((ms) => Math.floor(ms / 1000) === second).length;
  expect([0, 1, 2].map(inSecond)).toEqual([100, 100, 50]);
});

test("the limiter counts requests without an answer", async () => {
  const clock = fakeClock();
  const limited = createRateLimiter({ clock, signal: new AbortController().signal });
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const running = Array.from({ length: 6 }, () => limited(() => promise));
  for (let nth = 0; nth < 94; nth += 1) await limited(async () => value);
  expect(clock.slept).toEqual([]);
  await limited(async () => value);
  expect(clock.slept).toEqual([1000]);
  resolve(value);
  await Promise.all(running);
});

test("the limiter adopts the rate at which the service answered before it throttled", async () => {
  const allowed = new Map<number, number>();
  const { atMs } = await send(61, (_, nowMs) => {
    const second = Math.floor(nowMs / 1000);
    const count = (allowed.get(second) ?? 0) + 1;
    allowed.set(second, count);
    return count > 20 ? throttled : value;
  });
  expect([...allowed.values()]).toEqual([21, 20, 20]);
  expect(atMs.at(-1)).toBe(2000);
});

test.each([
  ["a service that throttles within the first requests", 5, throttled],
  ["an error of another kind", 20, broken],
])("%s does not change the rate", async (_, good, bad) => {
  const { slept } = await send(100, (nth) => (nth === good ? bad : value));
  expect(slept).toEqual([]);
});

test("the limiter counts requests that throw, and a signal ends the wait", async () => {
  const ending = new AbortController();
  const limited = createRateLimiter({ clock: fakeClock(), signal: ending.signal });
  for (let nth = 0; nth < 100; nth += 1) {
    await limited(() => Promise.reject(new Error("no"))).catch(() => undefined);
  }
  ending.abort(new Error("ended"));
  expect(limited(async () => value)).rejects.toThrow("ended");
});
