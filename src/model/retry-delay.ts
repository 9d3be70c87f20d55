/** The delay after the first failure, and the longest one. */
export const firstDelayMs = 200;
export const longestDelayMs = 5000;

/**
 * The delay in milliseconds after `tries` failures (at least 1): it doubles up to `longestDelayMs`,
 * with full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter).
 * `chance` gives numbers from 0 to 1.
 */
export function backOffMs(chance: { readonly random: () => number }, tries: number): number {
  return chance.random() * Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(tries - 1, 20));
}
