import { type FolderRule, folders } from "./folders.ts";
import type { Import, Source } from "./read-sources.ts";

/** What only effects need; a pure folder imports none of them, not even as a type. */
const purePackages = ["valibot", "exit.ts"];

/** Imports that the table does not allow, as `file imports target`. */
export function forbiddenImports(sources: readonly Source[], folder: string): readonly string[] {
  const rule = folders[folder];
  if (rule === undefined) return [`${folder} is not in the table`];
  return describeImports(sources, folder, (each) => !isAllowed(each, folder, rule));
}

/** Imports of a pure folder that lead to a folder or a package which is not pure. */
export function effectsIn(sources: readonly Source[], folder: string): readonly string[] {
  const isPure = ({ folder: target }: Import) =>
    folders[target]?.pure === true || purePackages.includes(target);
  return describeImports(sources, folder, (each) => !isPure(each));
}

/** Entries of a folder's row that no file of it needs. */
export function needlessRights(sources: readonly Source[], folder: string): readonly string[] {
  const imports = sources.filter((each) => each.folder === folder).flatMap((each) => each.imports);
  return rightsOf(folders[folder]).filter((right) => !imports.some((each) => covers(right, each)));
}

function describeImports(
  sources: readonly Source[],
  folder: string,
  isWanted: (each: Import) => boolean,
): readonly string[] {
  return sources
    .filter((source) => source.folder === folder)
    .flatMap(({ file, imports }) =>
      imports.filter(isWanted).map(({ target }) => `${file} imports ${target}`),
    );
}

function isAllowed(each: Import, folder: string, rule: FolderRule): boolean {
  return each.folder === folder || rightsOf(rule).some((right) => covers(right, each));
}

function rightsOf(rule: FolderRule | undefined): readonly string[] {
  return (rule?.may ?? "").split(" ").filter((right) => right !== "");
}

/** `type:host` covers only types; `node:` covers every module of Node. */
function covers(right: string, { folder, target, isType }: Import): boolean {
  if (right === "node:") return target.startsWith("node:");
  if (right.startsWith("type:")) return isType && folder === right.slice("type:".length);
  return folder === right;
}
