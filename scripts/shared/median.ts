/** The median; of an even count, the upper of the two middle ones. Throws where there is none. */
export function median(values: readonly number[]): number {
  const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  if (middle === undefined) throw new Error("the median of no values");
  return middle;
}
