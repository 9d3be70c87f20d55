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
  withFolder,
} from "../test/kit/files/golden-case.ts";

const usage = `usage: bun scripts/golden.ts [--accept] [CASE…]

Shows how the files that ec2nic would write differ from test/golden/cases/CASE/expected (all cases when
none is named). --accept makes the actual files the expected ones. Ends with 1 if they differ.
`;

/** Prints what differs in one case, and with `accept` writes it down; whether there was something. */
async function reviewCase(golden: GoldenCase, accept: boolean): Promise<boolean> {
  const before = await treeOf(join(golden.folder, "expected"));
  const after = await actualTree(golden, before["/outcomes.json"]);
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  const changed = paths.filter((path) => before[path] !== after[path]);
  for (const path of changed) {
    const lines = diffLines(before[path] ?? "", after[path] ?? "");
    await Bun.write(Bun.stdout, `${golden.name}${path}\n${lines.join("\n")}\n\n`);
    if (accept) await put(join(golden.folder, "expected", path), after[path]);
  }
  return changed.length > 0;
}

/** What each backend is left with, and the outcomes, which are the same for all. */
async function actualTree(golden: GoldenCase, known: string | undefined) {
  const runs = backends.map((backend) =>
    withFolder((root) => runGoldenCase(golden, root, choiceOf(backend))),
  );
  const done = await Promise.all(runs);
  const trees = done.flatMap(({ plan, tree }) =>
    Object.entries(tree).map(([path, text]) => [`/${plan.backend}${path}`, text] as const),
  );
  const nics = done[0]?.applied.nics ?? [];
  const outcomes = Object.fromEntries(nics.map(({ mac, outcome }) => [mac, outcome]));
  const isSame = known !== undefined && Bun.deepEquals(JSON.parse(known), outcomes);
  const text = isSame ? known : `${JSON.stringify(outcomes, null, 2)}\n`;
  return Object.fromEntries<string>([...trees, ["/outcomes.json", text]]);
}

async function put(path: string, content: string | undefined): Promise<void> {
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
    await Bun.write(Bun.stderr, unknown.map((name) => `no such case: ${name}\n`).join("") + usage);
    return 64;
  }
  const chosen = cases.filter(({ name }) => names.length === 0 || names.includes(name));
  const accept = flags.includes("--accept");
  const differ: boolean[] = [];
  for (const golden of chosen) differ.push(await reviewCase(golden, accept));
  const count = differ.filter(Boolean).length;
  const verb = accept ? "accepted" : "differ";
  await Bun.write(Bun.stdout, `${chosen.length} cases, ${count} ${verb}\n`);
  return count > 0 && !accept ? 1 : 0;
}

process.exitCode = await main(Bun.argv.slice(2));
