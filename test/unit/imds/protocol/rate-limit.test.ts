import { expect, test } from "bun:test";
import { type Answer, transientError } from "../../../../src/imds/protocol/answer.ts";
import { createRateLimiter } from "../../../../src/imds/protocol/rate-limit.ts";
import { fakeClock } from "../../../kit/host/fake-host.ts";

const value: Answer = { kind: "value", body: new Uint8Array() };
const throttled = transientError("503, throttled", { cause: "rate" });
const broken = transientError("500, trouble at imds");

/** Asks so often, one after the other; `answer` says what the nth comes to. Gives when each was. */
async function ask(times: number, answer: (nth: number, nowMs: number) => Answer) {
  const clock = fakeClock();
  const paced = createRateLimiter({ clock, signal: new AbortController().signal });
  const atMs: number[] = [];
  for (let nth = 0; nth < times; nth += 1) {
    await paced(async () => {
      atMs.push(clock.now());
      return answer(nth, clock.now());
    });
  }
  return { atMs, slept: clock.slept };
}

test("a hundred at once, and then as many in each second", async () => {
  const { atMs } = await ask(250, () => value);
  const inSecond = (second: number) => atMs.filter((ms) => Math.floor(ms / 1000) === second).length;
  expect([0, 1, 2].map(inSecond)).toEqual([100, 100, 50]);
});

test("what is under way counts, too", async () => {
  const clock = fakeClock();
  const paced = createRateLimiter({ clock, signal: new AbortController().signal });
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const running = Array.from({ length: 6 }, () => paced(() => promise));
  for (let nth = 0; nth < 94; nth += 1) await paced(async () => value);
  expect(clock.slept).toEqual([]);
  await paced(async () => value);
  expect(clock.slept).toEqual([1000]);
  resolve(value);
  await Promise.all(running);
});

test("who throttles is asked no faster than it answered", async () => {
  const allowed = new Map<number, number>();
  const { atMs } = await ask(61, (_, nowMs) => {
    const second = Math.floor(nowMs / 1000);
    const count = (allowed.get(second) ?? 0) + 1;
    allowed.set(second, count);
    return count > 20 ? throttled : value;
  });
  expect([...allowed.values()]).toEqual([21, 20, 20]);
  expect(atMs.at(-1)).toBe(2000);
});

test.each([
  ["one that throttles at the first requests is in trouble", 5, throttled],
  ["trouble of another kind is no matter of the pace", 20, broken],
])("%s: the pace stays", async (_, good, bad) => {
  const { slept } = await ask(100, (nth) => (nth === good ? bad : value));
  expect(slept).toEqual([]);
});

test("work that throws counts, and a signal ends the wait", async () => {
  const ending = new AbortController();
  const paced = createRateLimiter({ clock: fakeClock(), signal: ending.signal });
  for (let nth = 0; nth < 100; nth += 1) {
    await paced(() => Promise.reject(new Error("no"))).catch(() => undefined);
  }
  ending.abort(new Error("ended"));
  expect(paced(async () => value)).rejects.toThrow("ended");
});
