/** The folders above an absolute path, the highest first: `/a` and `/a/b` of `/a/b/c`; `/` is left out. */
export function foldersAbove(path: string): readonly string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_, at) => `/${parts.slice(0, at + 1).join("/")}`);
}
