export type IniValue = string | number | boolean;

/** Keys with their values, in order; a key may be repeated. */
export type IniEntries = readonly (readonly [string, IniValue])[];

export interface IniSection {
  readonly name: string;
  readonly entries: IniEntries;
}

/**
 * Renders the common dialect of systemd units and NetworkManager keyfiles: comments at the top,
 * sections separated by a blank line, `key=value`; a section without keys is left out. Ends with a
 * newline; equal input gives equal bytes. A backslash means different things in the two dialects, and
 * not every value can contain a line break. So a value that would need an escape throws a
 * `RangeError`: no planned value does.
 */
export function renderIni(comments: readonly string[], sections: readonly IniSection[]): string {
  const blocks = sections.filter(({ entries }) => entries.length > 0).map(renderSection);
  return `${[...comments.map(requirePlainText), blocks.join("\n\n")].join("\n")}\n`;
}

function renderSection({ name, entries }: IniSection): string {
  const lines = entries.map(
    ([key, value]) => `${requirePlainText(key)}=${requirePlainText(renderValue(value))}`,
  );
  return [`[${requirePlainText(name)}]`, ...lines].join("\n");
}

function renderValue(value: IniValue): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

/** Printable ASCII, no backslash, no space at the ends: every parser reads it the same, as one line. */
function requirePlainText(text: string): string {
  if (/^[!-~](?:[ -~]*[!-~])?$/.test(text) && !text.includes("\\")) return text;
  throw new RangeError(`${JSON.stringify(text)} cannot be written to a configuration file`);
}
