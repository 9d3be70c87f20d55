/** One figure of a run, by which the next one can be judged. */
export interface Figure {
  /** `PART: what`, as in `bounds.json`. */
  readonly name: string;
  readonly value: number;
}

/** Prints one line of a part's table: what it is about, and its cells. */
export function printRow(what: string, cells: readonly string[]): void {
  console.log([what.padEnd(52), ...cells.map((cell) => cell.padStart(10))].join(" ").trimEnd());
}

export function printTitle(title: string, heads: readonly string[]): void {
  console.log(`\n${title}\n`);
  printRow("", heads);
}

export function ratioOf(ours: number, theirs: number): string {
  return `${(ours / theirs).toFixed(2)} x`;
}
