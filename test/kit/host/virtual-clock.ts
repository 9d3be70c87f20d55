import type { Clock } from "../../../src/host/host.ts";

interface Wait {
  readonly endMs: number;
  readonly end: () => void;
}

/**
 * A clock on which time passes only while all work waits for it: then the wait that ends first ends. So
 * two waits at the same time end in their order, and no time depends on how busy the machine is.
 */
export function virtualClock(random = 0.5): Clock {
  let [nowMs, isDriven] = [0, false];
  let waits: readonly Wait[] = [];
  const drive = async (): Promise<void> => {
    while (waits.length > 0) {
      await workIsDone();
      const [first] = waits.toSorted((one, other) => one.endMs - other.endMs);
      if (first === undefined) continue;
      nowMs = Math.max(nowMs, first.endMs);
      waits = waits.filter((wait) => wait !== first);
      first.end();
    }
    isDriven = false;
  };
  return {
    now: () => nowMs,
    random: () => random,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const abort = (): void => {
          waits = waits.filter((each) => each !== wait);
          reject(signal?.reason);
        };
        const end = (): void => {
          signal?.removeEventListener("abort", abort);
          resolve();
        };
        const wait = { endMs: nowMs + ms, end };
        waits = [...waits, wait];
        signal?.addEventListener("abort", abort, { once: true });
        if (!isDriven) void drive();
        isDriven = true;
      }),
  };
}

/** Work in memory takes no time, but some turns of the event loop: streams of answers need more than one. */
async function workIsDone(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Bun.sleep(0);
}
