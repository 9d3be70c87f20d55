export type IniValue = string | number | boolean;

/** A section: its name, and its keys in order. A key may come more than once. */
export interface IniSection {
  readonly name: string;
  readonly entries: readonly (readonly [string, IniValue])[];
}

/**
 * The dialect that systemd's units and NetworkManager's keyfiles have in common: comments on top,
 * sections with a blank line between, `key=value`; a section without keys is left out. Ends with a
 * newline; equal input gives equal bytes. The dialects differ in what a backslash means, and neither
 * has a way to write a line break in every value, so a value that would need an escape is refused
 * with a `RangeError`: nothing that is planned has one.
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

/** Printable ASCII, no backslash, no space at the ends: read alike, and as one line, by everybody. */
function requirePlainText(text: string): string {
  if (/^[!-~](?:[ -~]*[!-~])?$/.test(text) && !text.includes("\\")) return text;
  throw new RangeError(`${JSON.stringify(text)} cannot stand in a configuration file`);
}
