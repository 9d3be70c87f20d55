import { isList } from "../model/text.ts";

/** What a YAML document of ours is made of. */
export type Yaml = string | number | boolean | readonly Yaml[] | { readonly [key: string]: Yaml };

/**
 * YAML that every reader takes alike: each string is quoted, because readers of YAML 1.1 (PyYAML,
 * and so cloud-init and netplan's helpers) find numbers, times and booleans in plain ones
 * (`12:34:56:12:34:56` is a number there). Ends with a newline; equal input gives equal bytes.
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

/** An item begins on the line of its dash, whatever it is. */
function renderListItem(item: Yaml): readonly string[] {
  return renderLines(item).map((line, index) => `${index === 0 ? "-" : " "} ${line}`);
}

function renderMember(key: string, item: Yaml): readonly string[] {
  const isInline = typeof item !== "object" || Object.keys(item).length === 0;
  const lines = renderLines(item);
  return isInline
    ? lines.map((line) => `${key} ${line}`)
    : [key, ...lines.map((line) => `  ${line}`)];
}

/** Words like netplan's own are plain; one that YAML 1.1 takes for a boolean or null is not. */
function renderKey(key: string): string {
  const isWord = /^[a-z]{2,}[0-9]?(-[a-z0-9]+)*$/.test(key);
  const isReserved = /^(true|false|null|yes|no|on|off)$/.test(key);
  return isWord && !isReserved ? key : quoteString(key);
}

/** JSON's escapes are YAML's; what JSON leaves bare but YAML takes for a line break is not. */
function quoteString(text: string): string {
  return JSON.stringify(text).replaceAll(/[^ -~]/gu, (char) => {
    const digits = (char.codePointAt(0) ?? 0).toString(16);
    return digits.length > 4 ? `\\U${digits.padStart(8, "0")}` : `\\u${digits.padStart(4, "0")}`;
  });
}
