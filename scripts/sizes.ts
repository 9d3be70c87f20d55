import { folders } from "./source-tree/folders.ts";
import { effectsIn } from "./source-tree/judge.ts";
import { findCircles, readSources } from "./source-tree/read-sources.ts";

/** `make sizes`: prints the sizes of `src/`, and figures about the imports between its folders. */
const sources = await readSources();
const byLines = sources.toSorted((left, right) => left.lines - right.lines);
const counts = Map.groupBy(sources, ({ folder }) => folder);
const [largest, files = []] = [...counts].toSorted((a, b) => b[1].length - a[1].length)[0] ?? [];
const pure = Object.keys(folders).filter((folder) => folders[folder]?.pure === true);
const last = byLines.at(-1);

const rows: readonly (readonly [string, string])[] = [
  ["files", String(sources.length)],
  ["lines", String(sources.reduce((sum, { lines }) => sum + lines, 0))],
  ["median file", `${byLines[Math.floor(byLines.length / 2)]?.lines ?? 0} lines`],
  ["largest file", `${last?.lines ?? 0} lines (${last?.file ?? ""})`],
  ["largest folder", `${files.length} files (src/${largest ?? ""})`],
  ["import circles", String(findCircles(sources).length)],
  ["pure folders", String(pure.length)],
  ["effects imported by them", String(pure.flatMap((each) => effectsIn(sources, each)).length)],
];
for (const [what, figure] of rows) console.log(`${what.padEnd(26)}${figure}`);
