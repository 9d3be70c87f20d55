import { expect, test } from "bun:test";
import { retryUntilFound } from "../../../src/probe/find-first.ts";
import { fakeClock, fakeLog } from "../../kit/host/fake-host.ts";

const hostOf = (signal = new AbortController().signal) => ({
  clock: fakeClock(),
  log: fakeLog(),
  signal,
});

const within = (deadlineMs: number, retries = Infinity) => ({ deadlineMs, retries });

test("a NIC found by the first probe is returned without a pause", async () => {
  const host = hostOf();
  expect(await retryUntilFound(host, within(1000), async () => "ens5")).toBe("ens5");
  expect(host.clock.slept).toEqual([]);
});

test("the pauses grow to 2 s, and the last probe is close to the deadline", async () => {
  const host = hostOf();
  expect(await retryUntilFound(host, within(10_000), async () => null)).toBeNull();
  expect(host.clock.slept.slice(0, 6)).toEqual([200, 400, 800, 1600, 2000, 2000]);
  expect(host.clock.now()).toBeGreaterThan(9950);
});

test("each probe that finds nothing is logged", async () => {
  const host = hostOf();
  let probes = 0;
  const probe = async () => ((probes += 1) === 2 ? "ens5" : null);
  expect(await retryUntilFound(host, within(1000), probe)).toBe("ens5");
  expect(host.log.waits).toMatchObject([{ what: "IMDS", tries: 1, deadlineMs: 1000 }]);
});

test("Ctrl-C ends the retries", async () => {
  const host = hostOf(AbortSignal.abort(new Error("Ctrl-C")));
  await expect(retryUntilFound(host, within(1000), async () => null)).rejects.toThrow("Ctrl-C");
});

test("--retries limits the probes", async () => {
  const host = hostOf();
  expect(await retryUntilFound(host, within(1000, 1), async () => null)).toBeNull();
  expect(host.clock.slept).toEqual([200]);
});
