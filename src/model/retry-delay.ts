/** The longest possible delay after the first failure, and after any failure. */
export const firstDelayMs = 200;
export const longestDelayMs = 5000;

/**
 * The delay in milliseconds after `tries` failures (at least 1). Its limit doubles up to
 * `longestDelayMs`, and `chance` picks a time from 0 to the limit (full jitter,
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter).
 */
export function backOffMs(chance: { readonly random: () => number }, tries: number): number {
  return chance.random() * Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(tries - 1, 20));
}
