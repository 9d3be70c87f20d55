import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { backends } from "../src/model/plan.ts";
import { diffLines } from "../src/output/plan/diff.ts";
import { choiceOf } from "../test/kit/facts/choices.ts";
import {
  type GoldenCase,
  goldenCases,
  runGoldenCase,
  treeOf,
} from "../test/kit/files/golden-case.ts";
import { temporaryFolder } from "../test/kit/basics/temporary-folder.ts";

const usage = `usage: bun scripts/golden.ts [--accept] [CASE…]

Shows how the files that ec2nic would write differ from test/golden/cases/CASE/expected (all cases
where none is named). --accept replaces the expected files with the actual ones. Exits with 1 if files
differ.
`;

/**
 * Prints the differences of one case, and with `accept` writes the actual files as expected ones.
 * Returns whether there were differences.
 */
async function reviewCase(golden: GoldenCase, accept: boolean): Promise<boolean> {
  const before = await treeOf(join(golden.folder, "expected"));
  const after = await actualTree(golden, before["/outcomes.json"]);
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  const changed = paths.filter((path) => before[path] !== after[path]);
  for (const path of changed) {
    const lines = diffLines(before[path] ?? "", after[path] ?? "");
    await Bun.write(Bun.stdout, `${golden.name}${path}\n${lines.join("\n")}\n\n`);
    if (accept) await replaceFile(join(golden.folder, "expected", path), after[path]);
  }
  return changed.length > 0;
}

/** The files that each backend gets, and the outcomes of NICs, which are the same for all backends. */
async function actualTree(golden: GoldenCase, known: string | undefined) {
  const done = await Promise.all(
    backends.map(async (backend) => {
      using folder = temporaryFolder();
      const run = await runGoldenCase(golden, folder.path, choiceOf(backend));
      return run;
    }),
  );
  const trees = done.flatMap(({ plan, tree }) =>
    Object.entries(tree).map(([path, text]) => [`/${plan.backend}${path}`, text] as const),
  );
  const nics = done[0]?.applied.nics ?? [];
  const outcomes = Object.fromEntries(nics.map(({ mac, outcome }) => [mac, outcome]));
  const isSame = known !== undefined && Bun.deepEquals(JSON.parse(known), outcomes);
  const text = isSame ? known : `${JSON.stringify(outcomes, null, 2)}\n`;
  return Object.fromEntries<string>([...trees, ["/outcomes.json", text]]);
}

/** Writes a file, or removes it where there is no content. */
async function replaceFile(path: string, content: string | undefined): Promise<void> {
  if (content === undefined) return rm(path);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

async function main(argv: readonly string[]): Promise<number> {
  const names = argv.filter((word) => !word.startsWith("-"));
  const flags = argv.filter((word) => word.startsWith("-"));
  const cases = await goldenCases();
  const unknown = names.filter((name) => !cases.some((golden) => golden.name === name));
  if (flags.some((flag) => flag !== "--accept") || unknown.length > 0) {
    await Bun.write(Bun.stderr, unknown.map((name) => `unknown case: ${name}\n`).join("") + usage);
    return 64;
  }
  const chosen = cases.filter(({ name }) => names.length === 0 || names.includes(name));
  const accept = flags.includes("--accept");
  const differ: boolean[] = [];
  for (const golden of chosen) differ.push(await reviewCase(golden, accept));
  const count = differ.filter(Boolean).length;
  const verb = accept ? "accepted" : "different";
  await Bun.write(Bun.stdout, `${chosen.length} cases, ${count} ${verb}\n`);
  return count > 0 && !accept ? 1 : 0;
}

process.exitCode = await main(Bun.argv.slice(2));
