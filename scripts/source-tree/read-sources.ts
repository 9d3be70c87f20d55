import { dirname, join, relative } from "node:path";

export interface Source {
  /** From the top of the repository: `src/eni/schema.ts`. */
  readonly file: string;
  /** Below `src/`: `eni`; a file directly below it stands for itself: `main.ts`. */
  readonly folder: string;
  readonly text: string;
  readonly lines: number;
  readonly imports: readonly Import[];
}

export interface Import {
  /** A file from the top of the repository, or the name of a package. */
  readonly target: string;
  /** The folder of that file as in `Source`, or the name of a package. */
  readonly folder: string;
  /** Only types are imported, so that nothing of the target runs. */
  readonly isType: boolean;
  /** `import()`: it is loaded when the call is reached. */
  readonly isLazy: boolean;
}

const root = join(import.meta.dir, "../..");

/** Every file of `src/`, sorted by path, with what it imports. */
export async function readSources(): Promise<readonly Source[]> {
  const files = [...new Bun.Glob("src/**/*.ts").scanSync(root)].toSorted();
  return Promise.all(
    files.map(async (file) => {
      const text = await Bun.file(join(root, file)).text();
      const lines = text.split("\n").length - 1;
      return { file, folder: folderOf(file), text, lines, imports: importsIn(file, text) };
    }),
  );
}

function folderOf(file: string): string {
  const below = relative("src", file);
  if (below.startsWith("..")) return file;
  return below.includes("/") ? dirname(below) : below;
}

const importStatement =
  /^(?:import|export) (type )?(\{[^}]*\}|\* as \w+|\*|\w+)[^;]*? from "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;

function importsIn(file: string, text: string): readonly Import[] {
  return [...text.matchAll(importStatement)].map(([, type, names = "", named, bare, lazy]) => {
    const from = named ?? bare ?? lazy ?? "";
    const isType = type !== undefined || hasOnlyTypes(names);
    const how = { isType, isLazy: lazy !== undefined };
    if (!from.startsWith(".")) return { target: from, folder: from, ...how };
    const target = join(dirname(file), from);
    return { target, folder: folderOf(target), ...how };
  });
}

function hasOnlyTypes(names: string): boolean {
  if (!names.startsWith("{")) return false;
  const each = names.slice(1, -1).split(",");
  const given = each.map((name) => name.trim()).filter((name) => name !== "");
  return given.length > 0 && given.every((name) => name.startsWith("type "));
}

/** The code of a file without its comments and without the contents of its strings. */
export function codeOf(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "")
    .replace(/"[^"\n]*"/g, '""');
}

/** Packages and modules of Node that are loaded with a file, before anything of it is called. */
export function packagesLoadedWith(sources: readonly Source[], file: string): readonly string[] {
  const byFile = new Map(sources.map((source) => [source.file, source.imports]));
  const loaded = new Set<string>();
  const visit = (target: string): void => {
    if (loaded.has(target)) return;
    loaded.add(target);
    const eager = (byFile.get(target) ?? []).filter((each) => !each.isType && !each.isLazy);
    for (const each of eager) visit(each.target);
  };
  visit(file);
  return [...loaded]
    .filter((each) => !each.startsWith("src/") && each !== "package.json")
    .toSorted();
}

/** Chains of imports that come back to their first file, each once; types count as well. */
export function findCircles(sources: readonly Source[]): readonly (readonly string[])[] {
  const next = new Map(sources.map(({ file, imports }) => [file, imports.map((i) => i.target)]));
  const done = new Set<string>();
  const circles: string[][] = [];
  const visit = (file: string, chain: readonly string[]): void => {
    const at = chain.indexOf(file);
    if (at >= 0) circles.push([...chain.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    for (const target of next.get(file) ?? []) visit(target, [...chain, file]);
    done.add(file);
  };
  for (const { file } of sources) visit(file, []);
  return circles;
}
