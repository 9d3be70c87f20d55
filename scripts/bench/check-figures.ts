import type { Figure } from "./figure.ts";

/** A figure must not be above `atMost`, nor by more than `noise` (a part of it) where it is a time. */
export interface Bound {
  readonly atMost: number;
  readonly noise: number;
}

/** Tells which figures are worse than their bounds; whether none is. */
export function checkFigures(
  figures: readonly Figure[],
  bounds: Readonly<Record<string, Bound>>,
): boolean {
  const worse = figures.flatMap(({ name, value }) => {
    const bound = bounds[name];
    if (bound === undefined) return [`${name}: ${value.toFixed(2)}, and no bound in bounds.json`];
    const { atMost, noise } = bound;
    if (value <= atMost * (1 + noise)) return [];
    return [`${name}: ${value.toFixed(2)}, but at most ${atMost} (+ ${100 * noise} % noise)`];
  });
  console.log(`\nheld against their bounds: ${figures.length}, worse: ${worse.length}`);
  for (const line of worse) console.log(`  ${line}`);
  return worse.length === 0;
}
