import type { FileStat, Host } from "../host/host.ts";
import { foldersAbove } from "../model/folders-above.ts";

/**
 * What of a program's path somebody else than root could change, the program or a folder above it:
 * what root's units start from there would be theirs. null: nothing. A group that may write is the
 * admin's word (Debian's `staff` in /usr/local).
 */
export async function whoElseWrites(
  { files }: Pick<Host, "files">,
  program: string,
): Promise<string | null> {
  const paths = [...foldersAbove(program), program];
  const stats = await Promise.all(paths.map((path) => files.stat(path)));
  return paths.find((_, at) => isLoose(stats[at] ?? null)) ?? null;
}

/** In a folder with the sticky bit, as /tmp is, nobody takes away what is root's. */
function isLoose(stat: FileStat | null): boolean {
  if (stat === null) return false;
  const isSticky = stat.kind === "folder" && (stat.mode & 0o1000) !== 0;
  const isForAll = stat.kind !== "link" && (stat.mode & 0o002) !== 0;
  return stat.uid !== 0 || (isForAll && !isSticky);
}
