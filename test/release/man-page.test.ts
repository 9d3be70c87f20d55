import { expect, test } from "bun:test";
import { join } from "node:path";
import { commandHelps } from "../../scripts/docs/command-helps.ts";
import { manPage } from "../../scripts/docs/man-page.ts";
import { environment } from "../../scripts/docs/man-text.ts";
import { repository } from "../kit/program/run-ec2nic.ts";
import { missingTool, testUnless } from "../kit/basics/skip.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";

const page = manPage(commandHelps, { version: "1.2.3", date: "2026-11-21" });

/** Runs a program on the page; returns its stderr and stdout. */
async function outputOf(argv: readonly string[]): Promise<string> {
  using folder = temporaryFolder();
  const path = join(folder.path, "ec2nic.8");
  await Bun.write(path, page);
  const env = { PATH: process.env["PATH"], LC_ALL: "C.UTF-8", MANWIDTH: "100", TERM: "dumb" };
  const { stdout, stderr } = Bun.spawnSync([...argv, path], { env, stderr: "pipe" });
  return `${stderr.toString()}${stdout.toString()}`;
}

testUnless(missingTool("mandoc"))("mandoc checks the page without messages", async () => {
  expect(await outputOf(["mandoc", "-T", "lint"])).toBe("");
});

testUnless(missingTool("man", "groff"))("groff formats the page without warnings", async () => {
  const argv = ["groff", "-man", "-Tutf8", "-wall", "-z"];
  expect(await outputOf(argv)).toBe("");
});

testUnless(missingTool("mandoc"))("the page names all flags, values and examples", async () => {
  const typed = await outputOf(["mandoc", "-T", "ascii", "-O", "width=200"]);
  // a bold letter is the letter, a backspace and the letter again
  const shown = typed.replaceAll(new RegExp(`.${String.fromCodePoint(8)}`, "g"), "");
  const words = shown.replaceAll(/\s+/g, " ");
  for (const { name, flags, examples, summary, notes } of commandHelps) {
    expect(words).toContain(`${name} ${summary}`);
    for (const [flag, { description }] of Object.entries(flags)) {
      expect(words).toContain(`--${flag} `);
      expect(words).toContain(description);
    }
    for (const text of [...examples, ...notes]) expect(words).toContain(text);
  }
});

test("the page and docs/help.md list the same environment variables", async () => {
  const help = await Bun.file(join(repository, "docs/help.md")).text();
  const inHelp = [...help.matchAll(/^\| `(AWS_\w+)`/gm)].map(([, name = ""]) => name);
  const inPage = environment.map(([name]) => name).filter((name) => name.startsWith("AWS_"));
  expect(inPage.toSorted()).toEqual(inHelp.toSorted());
});
