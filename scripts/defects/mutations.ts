import type { Change } from "./copy.ts";

/** What is replaced in a line, and by what. Each stands for a mistake that a person makes. */
const replacements: readonly (readonly [RegExp, string])[] = [
  [/ === /, " !== "],
  [/ !== /, " === "],
  [/ && /, " || "],
  [/ \|\| /, " && "],
  [/ \?\? .*?(?=[,;)])/, ""],
  [/ < /, " <= "],
  [/ > /, " >= "],
  [/ <= /, " < "],
  [/ >= /, " > "],
  [/ \+ /, " - "],
  [/ - /, " + "],
  [/ \* /, " / "],
  [/\btrue\b/, "false"],
  [/\bfalse\b/, "true"],
  [/\bif \(!/, "if ("],
  [/\bif \((?!!)/, "if (!"],
  [/\.some\(/, ".every("],
  [/\.every\(/, ".some("],
  [/\.toSorted\([^()]*\)/, ""],
  [/\.filter\((?:[^()]|\([^()]*\))*\)/, ""],
  [/\bMath\.min\(/, "Math.max("],
  [/\bMath\.max\(/, "Math.min("],
  [/\breturn null;/, "return undefined;"],
  [/"[^"]+"(?=[,;)\]])/, '""'],
  [/^(\s*)\.\.\.\(?[^;]*,$/, "$1"],
  [/^(\s*)(?:await )?[\w.]+\([^;]*\);$/, "$1"],
];

/** A line that is no code, or whose change cannot be seen when the program runs. */
const notCode = /^\s*(?:\/\/|\/?\*|import |export type |type |interface |readonly |\}? ?from )/;

/**
 * Single-line changes of a source file: each line and each replacement that fits it gives one. The
 * changed text is taken with as much of the file before it as makes it unique.
 */
export function mutationsOf(file: string, text: string): readonly Change[] {
  const lines = text.split("\n");
  return lines.flatMap((line, at) => {
    if (notCode.test(line)) return [];
    const changed = new Set(replacements.map(([from, to]) => line.replace(from, to)));
    changed.delete(line);
    return [...changed].map((other) => changeOf({ file, lines, at, other }));
  });
}

interface Place {
  readonly file: string;
  readonly lines: readonly string[];
  readonly at: number;
  readonly other: string;
}

function changeOf({ file, lines, at, other }: Place): Change {
  const text = `\n${lines.join("\n")}`;
  let from = at;
  const block = (last: string): string => `\n${[...lines.slice(from, at), last].join("\n")}\n`;
  while (from > 0 && text.split(block(lines[at] ?? "")).length > 2) from -= 1;
  // the file has no line feed before its first line
  const strip = (block_: string): string => (from === 0 ? block_.slice(1) : block_);
  return { file, find: strip(block(lines[at] ?? "")), replacement: strip(block(other)) };
}
