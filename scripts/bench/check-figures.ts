import type { Figure } from "./figure.ts";

/** The most that a figure may be; `noise` is the fraction by which a time may exceed it. */
export interface Bound {
  readonly atMost: number;
  readonly noise: number;
}

/** Prints the figures that exceed their bounds, or have none. Returns whether all are within them. */
export function checkFigures(
  figures: readonly Figure[],
  bounds: Readonly<Record<string, Bound>>,
): boolean {
  const errors = figures.flatMap(({ name, value }) => {
    const bound = bounds[name];
    if (bound === undefined)
      return [`${name}: ${value.toFixed(2)}; bounds.json has no bound for it`];
    const { atMost, noise } = bound;
    if (value <= atMost * (1 + noise)) return [];
    return [`${name}: ${value.toFixed(2)}; the bound is ${atMost} (+ ${100 * noise} % noise)`];
  });
  console.log(`\n${errors.length} of ${figures.length} figures exceed their bounds or have none`);
  for (const line of errors) console.log(`  ${line}`);
  return errors.length === 0;
}
