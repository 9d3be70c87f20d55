import type { Host } from "../../host/host.ts";
import type { ExistingFile, HostState } from "../../model/plan.ts";
import {
  machinePaths,
  macOfManagedPath,
  nicPathTemplates,
  unmanagedPath,
} from "../../model/managed-paths.ts";
import { underRoot } from "../../host/target-root.ts";

/**
 * What lies below `root` now: the files in our places, of every backend, and the admin's list of
 * NICs to leave alone. Reads only.
 */
export async function readManagedFiles(
  host: Pick<Host, "files">,
  root: string,
): Promise<HostState> {
  const [unmanaged, ...placePaths] = await Promise.all([
    readUnmanaged(host, root),
    ...nicPathTemplates.map((place) => listMatchingPaths(host, root, place)),
  ]);
  const paths = [...machinePaths, ...placePaths.flat()].toSorted();
  const files = await Promise.all(paths.map((path) => readExistingFile(host, root, path)));
  return {
    files: files.filter((file) => file !== null),
    unmanaged,
  };
}

/** The paths that `place` stands for here: one for each name with a MAC in the last fixed folder. */
async function listMatchingPaths(
  host: Pick<Host, "files">,
  root: string,
  place: string,
): Promise<readonly string[]> {
  const directory = place.slice(0, place.lastIndexOf("/", place.indexOf("MAC")));
  const [, subPath = ""] = place.slice(directory.length + 1).split(/(?=\/)/);
  const names = await host.files.list(underRoot(root, directory));
  const paths = names.map((name) => `${directory}/${name}${subPath}`);
  return paths.filter((path) => macOfManagedPath(path) !== null);
}

async function readExistingFile(
  host: Pick<Host, "files">,
  root: string,
  path: string,
): Promise<ExistingFile | null> {
  const place = underRoot(root, path);
  const stat = await host.files.stat(place);
  if (stat === null) return null;
  // What a link points to is not ours to compare: it is replaced by the file itself.
  const content = stat.kind === "file" ? await host.files.read(place) : null;
  const mode = stat.kind === "file" ? stat.mode : null;
  return { path, content: decode(content ?? new Uint8Array()), mode };
}

/** With its byte order mark, if there is one: the content is compared byte for byte. */
function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** The admin's list of NICs to leave alone, as it lies below `root`; null where there is none. */
export async function readUnmanaged(
  host: Pick<Host, "files">,
  root: string,
): Promise<string | null> {
  const bytes = await host.files.read(underRoot(root, unmanagedPath));
  return bytes === null ? null : decode(bytes);
}
