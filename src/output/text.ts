import { escapeControlChars, unicodeEscape } from "../model/text.ts";

/**
 * Escapes control characters and bidirectional formatting, because a terminal interprets them, and
 * a file or a link's name can contain any character.
 */
export function escapeUnprintable(text: string): string {
  return escapeControlChars(text, (code) =>
    code > 0xff ? unicodeEscape(code) : `\\x${code.toString(16).padStart(2, "0")}`,
  );
}

/** The width of most terminals; longer lines of prose are hard to read. */
export const defaultColumns = 80;

/** Wraps words into lines of at most `columns`, which begin with `indent`; no word is broken. */
export function wrapWords(text: string, indent = "", columns = defaultColumns): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    const longer = `${last} ${word}`;
    if (last !== undefined && longer.length <= columns) lines[lines.length - 1] = longer;
    else lines.push(`${indent}${word}`);
  }
  return lines;
}

/** Formats rows of cells as lines. A column is as wide as its widest cell, plus two blanks. */
export function tableLines(rows: readonly (readonly string[])[]): readonly string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  );
  const padded = rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)));
  return padded.map((cells) => cells.join("  ").trimEnd());
}
