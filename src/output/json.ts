/** A value as `--json` prints it: indented, keys sorted at every depth, one newline at the end. */
export function renderJson(value: unknown): string {
  return `${escaped(JSON.stringify(sortKeys(value), null, 2))}\n`;
}

/**
 * JSON escapes what is below a blank by itself. A terminal obeys some of what is above, too: DEL, the
 * controls of 8 bits, and what turns text around. Who reads it as JSON gets the same value.
 */
function escaped(json: string): string {
  return json.replaceAll(
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** fromEntries defines keys, so that a tag called `__proto__` is a key like any other. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, child]) => [key, sortKeys(child)]));
}
