import { escapeControlChars } from "../model/text.ts";

/** A value as `--json` prints it: indented, keys sorted at every depth, one newline at the end. */
export function renderJson(value: unknown): string {
  // JSON escapes only characters below U+0020, but terminals also interpret some higher ones
  return `${escapeControlChars(JSON.stringify(sortKeys(value), null, 2))}\n`;
}

/** Sorts the keys. `fromEntries` defines keys, so a tag called `__proto__` becomes a normal key. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, child]) => [key, sortKeys(child)]));
}
