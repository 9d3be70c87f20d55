import { isList } from "../model/text.ts";

/** The values of a YAML document. */
export type Yaml = string | number | boolean | readonly Yaml[] | { readonly [key: string]: Yaml };

/**
 * Renders YAML that every parser reads the same. Strings are quoted, because parsers of YAML 1.1
 * (PyYAML, and so cloud-init and netplan's helpers) read some plain strings as numbers, times or
 * booleans (`12:34:56:12:34:56` is a number). Ends with a newline; equal input gives equal bytes.
 */
export function renderYaml(document: { readonly [key: string]: Yaml }): string {
  return renderLines(document).join("\n").concat("\n");
}

function renderLines(value: Yaml): readonly string[] {
  if (typeof value === "string") return [quoteString(value)];
  if (typeof value !== "object") return [String(value)];
  if (Object.keys(value).length === 0) return [isList(value) ? "[]" : "{}"];
  if (isList(value)) return value.flatMap(renderListItem);
  return Object.entries(value).flatMap(([key, item]) => renderMember(`${renderKey(key)}:`, item));
}

/** An item begins on the line of its dash, even if it is a list or a mapping. */
function renderListItem(item: Yaml): readonly string[] {
  return renderLines(item).map((line, index) => `${index === 0 ? "-" : " "} ${line}`);
}

function renderMember(key: string, item: Yaml): readonly string[] {
  const isInline = typeof item !== "object" || Object.keys(item).length === 0;
  const lines = renderLines(item);
  if (isInline) return lines.map((line) => `${key} ${line}`);
  return [key, ...lines.map((line) => `  ${line}`)];
}

/** A key like netplan's is not quoted, unless YAML 1.1 would read it as a boolean or null. */
function renderKey(key: string): string {
  const isWord = /^[a-z]{2,}[0-9]?(-[a-z0-9]+)*$/.test(key);
  const isReserved = /^(true|false|null|yes|no|on|off)$/.test(key);
  return isWord && !isReserved ? key : quoteString(key);
}

/** Uses JSON's escapes, which YAML has too, and escapes all but printable ASCII (line breaks). */
function quoteString(text: string): string {
  return JSON.stringify(text).replaceAll(/[^ -~]/gu, (char) => {
    const digits = (char.codePointAt(0) ?? 0).toString(16);
    return digits.length > 4 ? `\\U${digits.padStart(8, "0")}` : `\\u${digits.padStart(4, "0")}`;
  });
}
