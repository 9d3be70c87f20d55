/**
 * How often a property is tried, and with what seed: one of chance, which fast-check prints with a
 * failure, or EC2NIC_SEED to see that failure again.
 */
export function seededRuns(numRuns: number): { readonly numRuns: number; readonly seed: number } {
  const seed = Number(process.env["EC2NIC_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  return { numRuns, seed };
}
