import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { diffLines } from "../src/output/diff-lines.ts";
import {
  type GoldenCase,
  goldenCases,
  runGoldenCase,
  treeOf,
  withFolder,
} from "../test/support/golden-case.ts";

const usage = `usage: bun scripts/golden.ts [--accept] [CASE…]

Shows how the files that ec2nic would write differ from test/cases/CASE/expected (all cases when
none is named). --accept makes the actual files the expected ones. Ends with 1 if they differ.
`;

/** Prints what differs in one case, and with `accept` writes it down; whether there was something. */
async function reviewCase(golden: GoldenCase, accept: boolean): Promise<boolean> {
  const run = await withFolder((root) => runGoldenCase(golden, root));
  const outcomes = Object.fromEntries(run.applied.nics.map(({ mac, outcome }) => [mac, outcome]));
  const folder = join(golden.folder, "expected");
  const before = await treeOf(folder);
  const tree = Object.entries(run.tree).map(([path, text]) => [`/netplan${path}`, text] as const);
  const text = `${JSON.stringify(outcomes, null, 2)}\n`;
  const known = before["/outcomes.json"];
  const isSame = known !== undefined && Bun.deepEquals(JSON.parse(known), outcomes);
  const after = Object.fromEntries([...tree, ["/outcomes.json", isSame ? known : text] as const]);
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  const changed = paths.filter((path) => before[path] !== after[path]);
  for (const path of changed) {
    const lines = diffLines(before[path] ?? "", after[path] ?? "");
    await Bun.write(Bun.stdout, `${golden.name}${path}\n${lines.join("\n")}\n\n`);
    if (accept) await put(join(folder, path), after[path]);
  }
  return changed.length > 0;
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
