import { expect, test } from "bun:test";
import { renderCommandHelp, renderProgramHelp } from "../../../src/cli/help.ts";
import { commandHelps } from "../../../scripts/docs/command-helps.ts";
import { documentAt } from "../../kit/basics/documents.ts";

const { text: page } = documentAt("docs/help.md");
const helps = [...commandHelps.map(renderCommandHelp), renderProgramHelp(commandHelps)];

test.each(helps)(
  "a help text fits into 80 columns, is ASCII, and is in docs/help.md: %.30s",
  (help) => {
    for (const line of help.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    // every terminal, font and screen reader supports ASCII
    expect(help).toMatch(/^[\n -~]+$/);
    expect(page).toContain(`\n${help}\`\`\`\n`);
  },
);
