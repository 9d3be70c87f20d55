/** Random choices that can be repeated: the same seed gives the same choices. */
export interface Random {
  /** At least 0, less than 1. */
  readonly fraction: () => number;
  /** An integer, at least 0, less than `end`. */
  readonly below: (end: number) => number;
  /** One of the choices. Throws where there is none. */
  readonly pick: <T>(choices: readonly T[]) => T;
}

/** xorshift32 (Marsaglia, "Xorshift RNGs", 2003); it needs a seed other than 0. */
export function createRandom(seed: number): Random {
  let state = (seed | 0) === 0 ? 1 : seed | 0;
  const fraction = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let warm = 0; warm < 8; warm += 1) fraction(); // small seeds give similar first values
  const below = (end: number): number => Math.floor(fraction() * end);
  const pick = <T>(choices: readonly T[]): T => {
    const choice = choices[below(choices.length)];
    if (choice === undefined) throw new Error("there is nothing to choose from");
    return choice;
  };
  return { fraction, below, pick };
}
