export type IniValue = string | number | boolean;

/** Keys with their values, in order; a key may be repeated. */
export type IniEntries = readonly (readonly [string, IniValue])[];

export interface IniSection {
  readonly name: string;
  readonly entries: IniEntries;
}

/**
 * Renders what systemd units and NetworkManager keyfiles have in common: comments at the top,
 * sections separated by a blank line, `key=value`. A section without keys is left out. The text
 * ends with a newline; equal input gives equal bytes. Throws a `RangeError` if a value would need
 * an escape: each of the two dialects reads a backslash differently, and no planned value needs
 * one.
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

/** Accepts only text that each parser reads as the same line: printable ASCII, no backslash. */
function requirePlainText(text: string): string {
  if (/^[!-~](?:[ -~]*[!-~])?$/.test(text) && !text.includes("\\")) return text;
  throw new RangeError(`${JSON.stringify(text)} cannot be written to a configuration file`);
}
