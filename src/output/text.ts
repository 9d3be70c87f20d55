import { escapeControlChars, unicodeEscape } from "../model/text.ts";

/**
 * Control characters escaped, and what turns text around: a file, or a link's name, may hold
 * anything, and a terminal obeys.
 */
export function escapeUnprintable(text: string): string {
  return escapeControlChars(text, (code) =>
    code > 0xff ? unicodeEscape(code) : `\\x${code.toString(16).padStart(2, "0")}`,
  );
}

/** What a terminal has at least, and what nobody's eyes want to be wider. */
export const defaultColumns = 80;

/** Words over lines of so many columns, each behind `indent`; a word that is longer stays whole. */
export function wrapWords(
  text: string,
  indent = "",
  columns: number = defaultColumns,
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

/** Rows of cells as lines, each column as wide as its widest cell, two blanks between them. */
export function tableLines(rows: readonly (readonly string[])[]): readonly string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
