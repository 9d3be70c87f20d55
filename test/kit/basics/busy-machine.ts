/**
 * Times of tests that use a real clock. Other work on the machine can make a run of 0.1 s last ten
 * times as long and more, and no test may fail because of that.
 */

/** The time limit of a test: only a test that hangs reaches it. */
export const testLimitMs = 120_000;

/**
 * The limit for what happens at once or in time: a hundred times what a quiet machine needs. It finds a
 * program that waits too long only where all limits of the program are longer: `--timeout` has a default
 * of 60 s, and `patient` is for the tries.
 */
export const atOnceMs = 20_000;

/** The environment in which one try may take 60 s: its limit ends a try only if nothing answers. */
export const patient = { AWS_METADATA_SERVICE_TIMEOUT: "60" } as const;
