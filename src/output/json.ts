import { escapeControlChars } from "../model/text.ts";

/** A value as `--json` prints it: indented, keys sorted at every depth, one newline at the end. */
export function renderJson(value: unknown): string {
  // JSON escapes what is below a blank by itself; a terminal obeys some of what is above, too
  return `${escapeControlChars(JSON.stringify(sortKeys(value), null, 2))}\n`;
}

/** fromEntries defines keys, so that a tag called `__proto__` is a key like any other. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, child]) => [key, sortKeys(child)]));
}
