import { expect, test } from "bun:test";
import { retryUntilFound } from "../../../src/probe/find-first.ts";
import { fakeClock, fakeLog } from "../../kit/host/fake-host.ts";

const hostOf = (signal = new AbortController().signal) => ({
  clock: fakeClock(),
  log: fakeLog(),
  signal,
});

const within = (deadlineMs: number, retries = Infinity) => ({ deadlineMs, retries });

test("what is found at once is given at once", async () => {
  const host = hostOf();
  expect(await retryUntilFound(host, within(1000), async () => "ens5")).toBe("ens5");
  expect(host.clock.slept).toEqual([]);
});

test("the pauses grow to 2 s, and the last look is close to the deadline", async () => {
  const host = hostOf();
  expect(await retryUntilFound(host, within(10_000), async () => null)).toBeNull();
  expect(host.clock.slept.slice(0, 6)).toEqual([200, 400, 800, 1600, 2000, 2000]);
  expect(host.clock.now()).toBeGreaterThan(9950);
});

test("each look that finds nothing is told", async () => {
  const host = hostOf();
  let looks = 0;
  const look = async () => ((looks += 1) === 2 ? "ens5" : null);
  expect(await retryUntilFound(host, within(1000), look)).toBe("ens5");
  expect(host.log.waits).toMatchObject([{ what: "instance metadata", tries: 1, deadlineMs: 1000 }]);
});

test("Ctrl-C ends it", async () => {
  const host = hostOf(AbortSignal.abort(new Error("Ctrl-C")));
  await expect(retryUntilFound(host, within(1000), async () => null)).rejects.toThrow("Ctrl-C");
});

test("--retries bounds the looks", async () => {
  const host = hostOf();
  expect(await retryUntilFound(host, within(1000, 1), async () => null)).toBeNull();
  expect(host.clock.slept).toEqual([200]);
});
