/** What a terminal has at least, and what nobody's eyes want to be wider. */
export const usualColumns = 80;

/** Words over lines of so many columns, each behind `indent`; a word that is longer stays whole. */
export function wrapWords(
  text: string,
  indent = "",
  columns: number = usualColumns,
): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    const longer = `${last} ${word}`;
    if (last !== undefined && longer.length <= columns) lines[lines.length - 1] = longer;
    else lines.push(`${indent}${word}`);
  }
  return lines;
}
