/**
 * Times of tests that use a real clock. Other work on the machine can make a run of 0.1 s last ten
 * times as long and more, and no test may fail because of that.
 */

/** The time limit of a test: only a test that hangs reaches it. */
export const testLimitMs = 120_000;

/**
 * The limit for what happens at once or in time: two hundred times what a quiet machine needs. It finds a
 * program that waits too long only where all limits of the program are longer: `--timeout` has a default
 * of 60 s, and `patient` is for the tries.
 */
export const atOnceMs = 40_000;

/** The environment in which one try may take 60 s: its limit ends a try only if nothing answers. */
export const patient = { AWS_METADATA_SERVICE_TIMEOUT: "60" } as const;

/**
 * Repeats a run until other work on the machine did not slow it down, and returns that run. `isQuick`
 * is false for every run of a program that waits too long, so such a program is found on any machine.
 * What `run` throws is thrown at once: this forgives no wrong result.
 */
export async function firstQuick<T>(
  what: string,
  run: () => Promise<T>,
  isQuick: (result: T) => boolean,
): Promise<T> {
  const endMs = performance.now() + testLimitMs / 2;
  for (let runs = 1; ; runs += 1) {
    const result = await run();
    if (isQuick(result)) return result;
    if (performance.now() > endMs) throw new Error(`${what}: in none of ${runs} runs`);
  }
}
