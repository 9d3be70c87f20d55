import { openTarget } from "../../../src/host/target.ts";
import { chmod, cp, mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { applyPlan } from "../../../src/apply/apply-plan.ts";
import { type ApplyResult } from "../../../src/model/plan.ts";
import { readManagedFiles } from "../../../src/inspect/machine/managed-files.ts";
import { systemFiles } from "../../../src/host/files.ts";
import type { Files } from "../../../src/host/host.ts";
import { parseEnis } from "../../../src/eni/parse-enis.ts";
import type { Link } from "../../../src/model/link.ts";
import type { MetadataTree } from "../../../src/model/metadata.ts";
import type { NetworkPlan } from "../../../src/model/plan.ts";
import { activationSteps } from "../../../src/plan/backend/activation-steps.ts";
import { planNetwork } from "../../../src/plan/files/plan-network.ts";
import { type BackendChoice, choiceOf } from "../facts/choices.ts";
import { silentLog } from "../host/fake-host.ts";

const casesFolder = new URL("../../golden/cases/", import.meta.url).pathname;

/** A folder of `test/golden/cases/`: metadata and links as input, and the expected files. */
export interface GoldenCase {
  readonly name: string;
  readonly folder: string;
  readonly metadata: MetadataTree;
  readonly links: readonly Link[];
}

/** The result of a run. */
export interface GoldenRun {
  readonly plan: NetworkPlan;
  readonly applied: ApplyResult;
  /** The second plan, after the first was applied. */
  readonly again: NetworkPlan;
  /** Path below the root → content, of all files after the run. */
  readonly tree: Readonly<Record<string, string>>;
  /** Path → permission bits. */
  readonly modes: Readonly<Record<string, number>>;
}

/** Every case, sorted by name. */
export async function goldenCases(): Promise<readonly GoldenCase[]> {
  const names = (await readdir(casesFolder)).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const directory = join(casesFolder, name);
      const [metadata, links] = await Promise.all(
        ["imds.json", "links.json"].map((file) => Bun.file(join(directory, file)).json()),
      );
      return { name, folder: directory, metadata, links };
    }),
  );
}

/** Plans and applies a case below `root`, on top of its `before/`, and plans it again. */
export async function runGoldenCase(
  golden: GoldenCase,
  root: string,
  choice: BackendChoice = choiceOf("netplan"),
): Promise<GoldenRun> {
  await copyBefore(golden, root);
  const plan = await planGoldenCase(golden, root, choice);
  const options = { reachability: null, interruptedRun: null, undo: [] };
  const applied = await applyPlan(fileHost(systemFiles, root), plan, options);
  const again = await planGoldenCase(golden, root, choice);
  const tree = await treeOf(root);
  const modes = await Promise.all(
    Object.keys(tree).map(async (path) => {
      return [path, (await stat(join(root, path))).mode & 0o7777] as const;
    }),
  );
  return { plan, applied, again, tree, modes: Object.fromEntries(modes) };
}

/** A host that reads and writes files and does nothing else. */
export function fileHost(files: Files, root: string) {
  const never = () => Promise.reject(new Error("this host runs no command and does not wait"));
  return {
    files,
    target: openTarget({ files }, root),
    log: silentLog,
    signal: new AbortController().signal,
    exec: never,
    clock: { now: () => 0, random: () => 0, sleep: never },
  };
}

export async function planGoldenCase(
  golden: GoldenCase,
  root: string,
  choice: BackendChoice = choiceOf("netplan"),
): Promise<NetworkPlan> {
  const state = await readManagedFiles(openTarget({ files: systemFiles }, root));
  const parsed = parseEnis(golden.metadata, { isSettled: true });
  const facts = { ...parsed, links: golden.links, state };
  const plan = planNetwork(facts, choice);
  return { ...plan, steps: activationSteps(plan, plan.config.nics, choice.activation) };
}

/** Path below `folder` → content, of all files; empty where the folder does not exist. */
export async function treeOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const paths = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = paths.filter((entry) => entry.isFile());
  const pairs = files.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    return [path.slice(folder.length), await Bun.file(path).text()] as const;
  });
  const sorted = (await Promise.all(pairs)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted);
}

/** Copies `before/` of the case. git keeps no modes, so they are set as ec2nic sets them. */
async function copyBefore({ folder }: GoldenCase, root: string): Promise<void> {
  const before = join(folder, "before");
  const paths = Object.keys(await treeOf(before));
  if (paths.length === 0) return;
  await mkdir(root, { recursive: true });
  await cp(before, root, { recursive: true });
  await Promise.all(paths.map((path) => chmod(join(root, path), isSecret(path) ? 0o600 : 0o644)));
}

/** Whether a file must not be readable by all: netplan and NetworkManager warn otherwise. */
export function isSecret(path: string): boolean {
  return path.endsWith(".yaml") || path.endsWith(".nmconnection");
}
