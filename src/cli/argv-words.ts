/** Functions that `main.ts` calls before it loads a subcommand and the parser. */

/** The candidate that is most similar to a mistyped `text`; null if none is similar enough. */
export function findClosest(text: string, candidates: readonly string[]): string | null {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: computeEditDistance(text, candidate) }))
    .toSorted((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= Math.max(1, text.length / 3)
    ? best.candidate
    : null;
}

/** The Levenshtein distance: the number of insertions, deletions and substitutions. */
function computeEditDistance(a: string, b: string): number {
  const first = Array.from({ length: b.length + 1 }, (_, column) => column);
  const last = a.split("").reduce<readonly number[]>((above, letter, row) => {
    const line = [row + 1];
    for (let column = 1; column <= b.length; column += 1) {
      const change = (above[column - 1] ?? 0) + (letter === b[column - 1] ? 0 : 1);
      line.push(Math.min(change, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1));
    }
    return line;
  }, first);
  return last.at(-1) ?? 0;
}

/** Splits a command line at the first `--`. `rest` is null if there is no `--`. */
export function splitAtDoubleDash(args: readonly string[]) {
  const end = args.indexOf("--");
  if (end < 0) return { ownArgs: args, rest: null };
  return { ownArgs: args.slice(0, end), rest: args.slice(end + 1) };
}
