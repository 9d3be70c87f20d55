import type { Host } from "../../host/host.ts";
import type { ExistingFile, HostState } from "../../model/plan.ts";
import {
  machinePaths,
  macOfManagedPath,
  nicPathTemplates,
  unmanagedPath,
} from "../../model/managed-paths.ts";
import { decodeExactly } from "../read-file.ts";

type FileHost = Pick<Host, "files">;

/**
 * What lies on the target now: the files in our places, of every backend, and the admin's list of
 * NICs to leave alone. Reads only.
 */
export async function readManagedFiles(target: FileHost): Promise<HostState> {
  const [unmanaged, ...placePaths] = await Promise.all([
    readUnmanaged(target),
    ...nicPathTemplates.map((place) => listMatchingPaths(target, place)),
  ]);
  const paths = [...machinePaths, ...placePaths.flat()].toSorted();
  const files = await Promise.all(paths.map((path) => readExistingFile(target, path)));
  return {
    files: files.filter((file) => file !== null),
    unmanaged,
  };
}

/** The paths that `place` stands for here: one for each name with a MAC in the last fixed folder. */
async function listMatchingPaths({ files }: FileHost, place: string): Promise<readonly string[]> {
  const directory = place.slice(0, place.lastIndexOf("/", place.indexOf("MAC")));
  const [, subPath = ""] = place.slice(directory.length + 1).split(/(?=\/)/);
  const names = await files.list(directory);
  const paths = names.map((name) => `${directory}/${name}${subPath}`);
  return paths.filter((path) => macOfManagedPath(path) !== null);
}

async function readExistingFile({ files }: FileHost, path: string): Promise<ExistingFile | null> {
  const stat = await files.stat(path);
  if (stat === null) return null;
  // What a link points to is not ours to compare: it is replaced by the file itself.
  const content = stat.kind === "file" ? await files.read(path) : null;
  const mode = stat.kind === "file" ? stat.mode : null;
  return { path, content: decodeExactly(content ?? new Uint8Array()), mode };
}

/** The admin's list of NICs to leave alone, null where there is none. */
export async function readUnmanaged({ files }: FileHost): Promise<string | null> {
  const bytes = await files.read(unmanagedPath);
  return bytes === null ? null : decodeExactly(bytes);
}
