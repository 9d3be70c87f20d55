/**
 * `make record`: plays scenes with the real program and writes what it says into the documents,
 * below each mark `recorded: NAME`. With `--check` nothing is written, and it ends with 1 where a
 * document shows something else. Scenes that this machine cannot play are left as they are.
 */
import { join } from "node:path";
import { machineMissing } from "../test/kit/machine/missing.ts";
import { missingRoot, missingTool } from "../test/kit/basics/skip.ts";
import { imdsScenes } from "./record/imds-scenes.ts";
import { machineScenes } from "./record/machine-scenes.ts";
import { marksIn, withRecordings } from "./record/recorded.ts";
import { asConsole, type Scene } from "./record/scene.ts";
import { steady } from "./record/steady.ts";
import { wordScenes } from "./record/word-scenes.ts";

const root = join(import.meta.dir, "..");
const isCheck = process.argv.includes("--check");
const paths = ["README.md", ...new Bun.Glob("docs/*.md").scanSync(root)].toSorted();
const documents = await Promise.all(
  paths.map(async (path) => ({ path, text: await Bun.file(join(root, path)).text() })),
);

const whyNot = missingRoot() ?? missingTool("ip", "nft", "unshare", "nsenter", "script", "curl");
const whyNoMachine = whyNot ?? machineMissing("trixie");
const all = [...wordScenes, ...imdsScenes, ...machineScenes];
const wanted = new Set(documents.flatMap(({ text }) => marksIn(text)));
const known = new Set(all.map(({ name }) => name));
const wrong = [...wanted]
  .filter((name) => !known.has(name))
  .map((name) => `no scene is called ${name}`);

const recordings = new Map<string, string>();
await Promise.all([
  playAll([...wordScenes, ...unless(whyNot, imdsScenes)]),
  playAll(unless(whyNoMachine, machineScenes)),
]);
for (const { path, text } of documents) {
  const fresh = withRecordings(text, recordings);
  if (fresh === text) continue;
  if (isCheck)
    wrong.push(
      `${path} shows what the program does not say: make record`,
      ...differing(text, fresh),
    );
  else await Bun.write(join(root, path), fresh);
  if (!isCheck) console.log(`${path}: written`);
}
for (const line of wrong) console.log(line);
console.log(`${recordings.size} of ${wanted.size} scenes played`);
process.exit(wrong.length === 0 ? 0 : 1);

function unless(reason: string | null, scenes: readonly Scene[]): readonly Scene[] {
  if (reason === null) return scenes;
  console.log(`${scenes.length} scenes are not played, because ${reason}`);
  return [];
}

async function playAll(scenes: readonly Scene[]): Promise<void> {
  for (const { name, play, scheduleS } of scenes.filter((each) => wanted.has(each.name))) {
    const once = steady(asConsole(await play()), scheduleS);
    // on a busy machine something may take a second longer: once is no evidence
    const isKnown = !isCheck || documents.some(({ text }) => text.includes(once));
    recordings.set(name, isKnown ? once : steady(asConsole(await play()), scheduleS));
  }
}

function differing(before: string, after: string): readonly string[] {
  const [old, fresh] = [before.split("\n"), after.split("\n")];
  return [
    ...old.filter((line) => !fresh.includes(line)).map((line) => `- ${line}`),
    ...fresh.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ];
}
