/**
 * `make defects`: builds each listed defect into a copy of the source, and checks that a test fails
 * because of it. `AREA=imds,plan` chooses lists, `DEFECT=lease` defects whose names contain the word.
 * `make lab-defects` does so with the list for virtual machines.
 *
 * `make defects FILE=src/plan/drift TESTS=test/unit/plan` looks for new ones: it makes a small change
 * to each line of a file, or of the files of a folder, and prints the changes with which those tests
 * pass. `EVERY=10` tries one change of ten.
 *
 * Exits with 0 if a test failed for every defect.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Change, SourceCopy } from "./defects/copy.ts";
import type { Defect } from "./defects/defect.ts";
import { areas } from "./defects/areas.ts";
import { mutationsOf } from "./defects/mutations.ts";
import { formatSeconds } from "./shared/format.ts";

const { AREA = "", DEFECT = "", EVERY = "1", FILE = "", TESTS = "" } = process.env;
const root = join(import.meta.dir, "..");
using copy = new SourceCopy();
process.exitCode = (await (FILE === "" ? playList() : mutate(FILE))) === 0 ? 0 : 1;

/** Plays the chosen defects; returns how many were missed. */
async function playList(): Promise<number> {
  const defects = chosenDefects();
  await passWithoutDefect(defects);
  let missed = 0;
  for (const defect of defects) {
    const startMs = performance.now();
    const { failed, errors } = await copy.test(defect, argumentsOf(defect));
    const time = formatSeconds(performance.now() - startMs, 0);
    console.log(`${failed ? "detected" : "MISSED"}, ${time}: ${defect.name}`);
    if (failed) console.log(`  ${errors.slice(0, 200) || "the test ended with an error"}`);
    else missed += 1;
  }
  console.log(`${defects.length} defects, ${defects.length - missed} detected, ${missed} missed`);
  return missed;
}

function chosenDefects(): readonly Defect[] {
  const names = AREA === "" ? Object.keys(areas).filter((name) => name !== "vm") : AREA.split(",");
  const unknown = names.filter((name) => areas[name] === undefined);
  if (unknown.length > 0) {
    throw new Error(`no area: ${unknown.join(", ")}; there are ${Object.keys(areas).join(", ")}`);
  }
  return names.flatMap((name) => areas[name] ?? []).filter(({ name }) => name.includes(DEFECT));
}

/** A defect is detected only if the same tests pass without it. */
async function passWithoutDefect(defects: readonly Defect[]): Promise<void> {
  const runs = new Map(defects.map((each) => [argumentsOf(each).join(" "), argumentsOf(each)]));
  for (const [words, bunTest] of runs) {
    const { failed, ran, errors } = await copy.test(null, bunTest);
    if (failed || ran === 0) throw new Error(`fails without a defect: ${words}: ${errors}`);
  }
}

function argumentsOf({ tests, pattern }: Defect): readonly string[] {
  return [...tests, ...(pattern === undefined ? [] : [`--test-name-pattern=${pattern}`])];
}

/** Tries the changes of a file or folder; returns with how many of them the tests pass. */
async function mutate(path: string): Promise<number> {
  const bunTest = ["--bail", ...TESTS.split(",").filter((each) => each !== "")];
  if (bunTest.length === 1) throw new Error("TESTS= names the tests, for example test/unit/plan");
  if ((await copy.test(null, bunTest)).failed) throw new Error(`fails without a change: ${TESTS}`);
  const files = path.endsWith(".ts")
    ? [path]
    : [...new Bun.Glob(`${path}/**/*.ts`).scanSync(root)].toSorted();
  const all = files.flatMap((file) => mutationsOf(file, readFileSync(join(root, file), "utf8")));
  const changes = all.filter((_, index) => index % Number(EVERY) === 0);
  let missed = 0;
  for (const change of changes) {
    if ((await copy.test(change, bunTest)).failed) continue;
    missed += 1;
    console.log(`MISSED ${change.file}:\n${describeChange(change)}`);
  }
  console.log(`${path}: ${changes.length} changes of ${all.length}, ${missed} missed`);
  return missed;
}

function describeChange({ find, replacement }: Change): string {
  const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1) ?? "";
  const after = replacement.slice(0, -1).split("\n").at(-1) ?? "";
  return `- ${lastLine(find)}\n+ ${after}`;
}
