import type { Outcome, Scenario } from "./scenario.ts";

const lineWidth = 100;
const nameWidth = 16;

export function printHead({ name, title, headings }: Scenario): void {
  console.log(`\n${name}: ${title}`);
  console.log(`${"".padEnd(nameWidth)}${headings.map((heading) => `  ${heading}`).join("")}`);
}

/** Prints a line with the figures of a program below their headings, and a list of the remarks. */
export function printOutcome(scenario: Scenario, peer: string, outcome: Outcome): void {
  const { figures, remarks } = outcome;
  const cells = scenario.headings.map((heading, at) => {
    return `  ${formatFigure(figures[at], heading).padStart(heading.length)}`;
  });
  console.log(`  ${peer.padEnd(nameWidth - 2)}${figures.length === 0 ? "" : cells.join("")}`);
  for (const each of remarks) for (const line of listItem(each)) console.log(line);
}

/** A count has no decimal places; a time has, also where it is a whole number. */
function formatFigure(figure: number | null | undefined, heading: string): string {
  if (figure === null || figure === undefined) return "never";
  return Number.isInteger(figure) && !/lost|answer/.test(heading)
    ? String(figure)
    : figure.toFixed(figure < 10 ? 2 : 1);
}

function listItem(text: string): readonly string[] {
  const width = lineWidth - 6;
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines.map((line, at) => `${at === 0 ? "    - " : "      "}${line}`);
}
