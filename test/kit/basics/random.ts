/** Chance that comes again: the same seed, the same choices. */
export interface Random {
  /** At least 0, less than 1. */
  readonly fraction: () => number;
  /** A whole number, at least 0, less than `end`. */
  readonly below: (end: number) => number;
  /** One of them. */
  readonly pick: <T>(choices: readonly T[]) => T;
}

/** xorshift32 (Marsaglia, "Xorshift RNGs", 2003), which needs a seed that is not 0. */
export function createRandom(seed: number): Random {
  let state = (seed | 0) === 0 ? 1 : seed | 0;
  const fraction = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let warm = 0; warm < 8; warm += 1) fraction(); // small seeds begin alike
  const below = (end: number): number => Math.floor(fraction() * end);
  const pick = <T>(choices: readonly T[]): T => {
    const choice = choices[below(choices.length)];
    if (choice === undefined) throw new Error("there is nothing to choose from");
    return choice;
  };
  return { fraction, below, pick };
}
