import type { Outcome, Scenario } from "./scenario.ts";

const columns = 100;
const nameWidth = 16;

export function printHead({ name, title, heads }: Scenario): void {
  console.log(`\n${name}: ${title}`);
  console.log(`${"".padEnd(nameWidth)}${heads.map((head) => `  ${head}`).join("")}`);
}

/** A line with its figures, right below their heads, and what is to be said of them. */
export function printOutcome({ heads }: Scenario, peer: string, { figures, words }: Outcome): void {
  const cells = heads.map((head, at) => `  ${cellOf(figures[at], head).padStart(head.length)}`);
  console.log(`  ${peer.padEnd(nameWidth - 2)}${figures.length === 0 ? "" : cells.join("")}`);
  for (const each of words) for (const line of wrapped(each)) console.log(line);
}

/** Counts are whole. */
function cellOf(figure: number | null | undefined, head: string): string {
  if (figure === null || figure === undefined) return "never";
  return Number.isInteger(figure) && !/dark|answer/.test(head)
    ? String(figure)
    : figure.toFixed(figure < 10 ? 2 : 1);
}

function wrapped(text: string): readonly string[] {
  const width = columns - 6;
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines.map((line, at) => `${at === 0 ? "    - " : "      "}${line}`);
}
