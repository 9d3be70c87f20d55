import { Failure } from "../exit.ts";
import type { Host } from "./host.ts";
import { parentDirectories } from "../model/managed-paths.ts";

/**
 * A path of the machine as it lies below `root`; `/` and the empty text are the machine itself. A
 * `..` is refused, since it would lead out.
 */
export function underRoot(root: string, path: string): string {
  const parts = path.split("/");
  if (!path.startsWith("/") || parts.includes("..")) {
    throw new Failure("USAGE", `${path}: not an absolute path of the machine`);
  }
  return `${root.replace(/\/+$/, "")}${path}`;
}

/**
 * Refuses folders between `root` and `path` that are symbolic links: in an image `etc/netplan` may
 * point to `/etc/netplan`, and that would be the running machine's. Below `/` itself an admin's
 * links are the admin's. Throws `CANTCREAT`.
 */
export async function refuseSymlinkedDirectories(
  host: Pick<Host, "files">,
  root: string,
  path: string,
): Promise<void> {
  if (isThisMachine(root)) return;
  const directories = parentDirectories(path).map((directory) => underRoot(root, directory));
  const stats = await Promise.all(directories.map((directory) => host.files.stat(directory)));
  const link = directories.find((_, at) => stats[at]?.kind === "link");
  if (link === undefined) return;
  const hint = "it could lead out of --root: replace it with a folder";
  throw new Failure("CANTCREAT", `${link} is a symbolic link`, { hint });
}

/** Whether `root` is the running machine itself, and no image below it: `/`, however written. */
export function isThisMachine(root: string): boolean {
  return root.replace(/\/+$/, "") === "";
}
