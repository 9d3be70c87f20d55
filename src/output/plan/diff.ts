const contextLines = 2;

/**
 * The difference of two texts in lines. A removed line begins with `- `, an added line with `+ `.
 * Two unchanged lines are shown around each change; `…` replaces the other unchanged lines.
 */
export function diffLines(before: string, after: string): readonly string[] {
  const lines = compareLines(splitLines(before), splitLines(after));
  const isNear = lines.map((_, index) => {
    const around = lines.slice(Math.max(0, index - contextLines), index + contextLines + 1);
    return around.some(({ sign }) => sign !== " ");
  });
  return lines.flatMap(({ sign, text }, index) => {
    if (isNear[index]) return [`${sign} ${text}`.trimEnd()];
    return index === 0 || isNear[index - 1] ? ["…"] : [];
  });
}

/** The lines of a text; a newline at its end adds none. */
export function splitLines(text: string): readonly string[] {
  return text.replace(/\n$/, "").split("\n");
}

interface DiffLine {
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

/** Uses the longest common subsequence in O(n·m); our files have only tens of lines. */
function compareLines(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const common = commonLengths(before, after);
  const lengthAt = (i: number, j: number) => common[i]?.[j] ?? 0;
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old, fresh] = [before[i], after[j]];
    if (old !== undefined && old === fresh) {
      lines.push({ sign: " ", text: old });
      i += 1;
      j += 1;
    } else if (old !== undefined && lengthAt(i + 1, j) >= lengthAt(i, j + 1)) {
      lines.push({ sign: "-", text: old });
      i += 1;
    } else {
      lines.push({ sign: "+", text: fresh ?? "" });
      j += 1;
    }
  }
  return lines;
}

/** `[i][j]` is the number of common lines, in order, of `before` from i and of `after` from j. */
function commonLengths(before: readonly string[], after: readonly string[]) {
  const table = Array.from({ length: before.length + 1 }, () =>
    Array<number>(after.length + 1).fill(0),
  );
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const [row, next] = [table[i] ?? [], table[i + 1] ?? []];
      row[j] =
        before[i] === after[j] ? (next[j + 1] ?? 0) + 1 : Math.max(next[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return table;
}
