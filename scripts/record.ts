/**
 * `make record`: runs the scenes of the documents with the real program, and writes its output into
 * the documents, below each mark `recorded: NAME`. With `--check` it writes nothing and exits with 1
 * if a document shows another output. Scenes that cannot run on this machine stay as they are.
 */
import { join } from "node:path";
import { machineMissing } from "../test/kit/machine/missing.ts";
import { missingRoot, missingTool } from "../test/kit/basics/skip.ts";
import { imdsScenes } from "./record/imds-scenes.ts";
import { machineScenes } from "./record/machine-scenes.ts";
import { marksIn, withRecordings } from "./record/recorded.ts";
import { asConsole, type Scene } from "./record/scene.ts";
import { steady } from "./record/steady.ts";
import { offlineScenes } from "./record/offline-scenes.ts";

const root = join(import.meta.dir, "..");
const isCheck = process.argv.includes("--check");
const paths = ["README.md", ...new Bun.Glob("docs/*.md").scanSync(root)].toSorted();
const documents = await Promise.all(
  paths.map(async (path) => ({ path, text: await Bun.file(join(root, path)).text() })),
);

const noNamespaces =
  missingRoot() ?? missingTool("ip", "nft", "unshare", "nsenter", "script", "curl");
const noMachine = noNamespaces ?? machineMissing("trixie");
const all = [...offlineScenes, ...imdsScenes, ...machineScenes];
const marks = new Set(documents.flatMap(({ text }) => marksIn(text)));
const known = new Set(all.map(({ name }) => name));
const errors = [...marks]
  .filter((name) => !known.has(name))
  .map((name) => `recorded: ${name}: there is no scene with this name`);

const recordings = new Map<string, string>();
await Promise.all([
  playAll([...offlineScenes, ...unless(noNamespaces, imdsScenes)]),
  playAll(unless(noMachine, machineScenes)),
]);
for (const { path, text } of documents) {
  const fresh = withRecordings(text, recordings);
  if (fresh === text || (isCheck && squeeze(fresh) === squeeze(text))) continue;
  if (isCheck) {
    errors.push(
      `${path} differs from the program's output; run make record to update it:`,
      ...differing(text, fresh),
    );
  } else {
    await Bun.write(join(root, path), fresh);
    console.log(`${path}: written`);
  }
}
for (const line of errors) console.log(line);
console.log(`${recordings.size} of ${marks.size} scenes were run`);
process.exit(errors.length === 0 ? 0 : 1);

/** The scenes where there is no reason against them; else none, and the reason is printed. */
function unless(reason: string | null, scenes: readonly Scene[]): readonly Scene[] {
  if (reason === null) return scenes;
  console.log(`${scenes.length} scenes are skipped: ${reason}`);
  return [];
}

async function playAll(scenes: readonly Scene[]): Promise<void> {
  for (const { name, play, scheduleS } of scenes.filter((each) => marks.has(each.name))) {
    const first = steady(asConsole(await play()), scheduleS);
    // on a busy machine a step may take a second longer: a difference is checked by a second run
    const isKnown =
      !isCheck || documents.some(({ text }) => squeeze(text).includes(squeeze(first)));
    recordings.set(name, isKnown ? first : steady(asConsole(await play()), scheduleS));
  }
}

/** The text without the widths of columns, which follow from the measured times: `5 ms`, `12 ms`. */
function squeeze(text: string): string {
  return text.replaceAll(/ {2,}/g, "  ").replaceAll(/ +$/gm, "");
}

/** The lines that only one of the texts has, marked with `-` and `+`. */
function differing(before: string, after: string): readonly string[] {
  const [old, fresh] = [before.split("\n"), after.split("\n")];
  return [
    ...old.filter((line) => !fresh.includes(line)).map((line) => `- ${line}`),
    ...fresh.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ];
}
