/** The first delay of a retry, and the longest. */
export const firstDelayMs = 200;
export const longestDelayMs = 5000;

/**
 * How long to leave a service alone, in milliseconds, after `tries` (at least 1) that failed: the
 * delay doubles up to `longestDelayMs`, with full jitter
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter). `chance` gives
 * numbers from 0 to 1.
 */
export function backOffMs(chance: { readonly random: () => number }, tries: number): number {
  return chance.random() * Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(tries - 1, 20));
}
