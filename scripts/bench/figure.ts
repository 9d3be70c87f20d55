/** A measured figure, which has a bound. */
export interface Figure {
  /** `PART: what is measured`, as in `bounds.json`. */
  readonly name: string;
  readonly value: number;
}

/** Prints a line of a part's table: the name of the row, and its cells. */
export function printRow(name: string, cells: readonly string[]): void {
  console.log([name.padEnd(52), ...cells.map((cell) => cell.padStart(10))].join(" ").trimEnd());
}

export function printTitle(title: string, headings: readonly string[]): void {
  console.log(`\n${title}\n`);
  printRow("", headings);
}

export function formatRatio(own: number, other: number): string {
  return `${(own / other).toFixed(2)} x`;
}
