/**
 * How often fast-check tries a property, and with what seed: a random one, which it prints with a
 * failure, or EC2NIC_SEED, which repeats that failure.
 */
export function seededRuns(numRuns: number): { readonly numRuns: number; readonly seed: number } {
  const seed = Number(process.env["EC2NIC_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  return { numRuns, seed };
}
