const roots = new Set(["meta-data", "dynamic", "user-data"]);

/**
 * Splits a key into the names below `latest/`. A key is relative to `meta-data/`, unless it begins
 * with `meta-data`, `dynamic`, `user-data` or `latest/`. Names are percent-decoded.
 */
export function keyPath(key: string): readonly string[] {
  const names = splitPath(key);
  const below = names[0] === "latest" ? names.slice(1) : names;
  return roots.has(below[0] ?? "") ? below : ["meta-data", ...below];
}

/** The names in a path, without empty ones. An invalid percent escape is not decoded. */
export function splitPath(path: string): readonly string[] {
  return path
    .split("/")
    .filter((name) => name !== "")
    .map(decode);
}

/**
 * Whether a path escapes a character that RFC 3986 allows in a path segment (pchar), for example a
 * colon as `%3A`. Every known client sends the colons of a MAC as they are.
 */
export function hasNeedlessEscape(path: string): boolean {
  const escapes = path.match(/%[0-9a-f]{2}/gi) ?? [];
  return escapes.some((escape) => /^[\w.~!$&'()*+,;=:@-]$/.test(decode(escape)));
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
