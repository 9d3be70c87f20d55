const roots = new Set(["meta-data", "dynamic", "user-data"]);

/**
 * The names from `latest/` down of a key as people write it: relative to `meta-data/`, but
 * `dynamic/…` and `user-data` are taken from `latest/`, which may itself be written. Names are
 * percent-decoded.
 */
export function keyPath(key: string): readonly string[] {
  const names = splitPath(key);
  const below = names[0] === "latest" ? names.slice(1) : names;
  return roots.has(below[0] ?? "") ? below : ["meta-data", ...below];
}

/** The names in a path; a slash before, after or doubled adds none. A bad escape stays as it is. */
export function splitPath(path: string): readonly string[] {
  return path
    .split("/")
    .filter((name) => name !== "")
    .map(decode);
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
