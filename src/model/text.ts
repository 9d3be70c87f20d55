import { Failure } from "../exit.ts";

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A timer takes no more than 2^31 - 1 ms; no wait of ours is that long. */
const maxDurationMs = 24 * 3_600_000;

/** `300ms`, `10s`, `1.5m`, `1h` as milliseconds. Throws `USAGE`, naming `source`. */
export function parseDuration(text: string, source: string): number {
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)$/.exec(text) ?? [];
  const factor = unitsMs[unit ?? ""];
  if (number === undefined || factor === undefined) {
    const hint = "write a number and a unit: 300ms, 10s, 2m";
    throw new Failure("USAGE", `${source}: "${text}" is not a duration`, { hint });
  }
  const ms = Number(number) * factor;
  if (ms > maxDurationMs) throw new Failure("USAGE", `${source}: ${text} is more than a day`);
  return ms;
}

/** Milliseconds as a person says them: `250 ms`, `2.4 s`, `1 min 5 s`. */
export function formatMs(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1).replace(/\.0$/, "")} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** The last part of a path: `c` of `/a/b/c`. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The directory of a path: `/a/b` of `/a/b/c`, `/` of `/c`, `.` of `c`. */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf("/");
  if (slash < 0) return ".";
  return slash === 0 ? "/" : path.slice(0, slash);
}

/** `Array.isArray` that also narrows `readonly` arrays. */
export function isList<T>(value: T): value is Extract<T, readonly unknown[]> {
  return Array.isArray(value);
}

/** Why a command failed: `nmcli up ens5: ended with 4: no lease`. `output`: its first line is shown. */
export function describeCommandFailure(
  argv: readonly string[],
  code: number,
  output: string,
): string {
  const problem = code === 127 ? "there is no such command" : `ended with ${code}`;
  const [firstLine = ""] = output.trim().split("\n");
  return [argv.join(" "), problem, firstLine].filter((part) => part !== "").join(": ");
}

/** A word of a command, for pasting; nothing of ours ever passes through a shell. */
export function quoteShellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * What a terminal obeys, and what turns its text around; line ends apart, which are for the caller to
 * judge. https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
 */
const controlChars =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** `escape` is given the code of each such character; default: `\u001b`, as JSON has it. */
export function escapeControlChars(
  text: string,
  escape: (code: number) => string = unicodeEscape,
): string {
  return text.replaceAll(controlChars, (character) => escape(character.charCodeAt(0)));
}

/** `\u001b`. */
export function unicodeEscape(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`;
}

/**
 * Compares names as people count: `eth2` before `eth10`. By code unit otherwise, never by locale, so
 * that every machine sorts alike.
 */
export function compareNaturally(left: string, right: string): number {
  const a = splitChunks(left);
  const b = splitChunks(right);
  for (const [index, chunk] of a.entries()) {
    const order = compareChunks(chunk, b[index] ?? "");
    if (order !== 0) return order;
  }
  return a.length - b.length || compareText(left, right);
}

function splitChunks(text: string): readonly string[] {
  return text.match(/\d+|\D+/g) ?? [];
}

function compareChunks(left: string, right: string): number {
  const bothNumbers = /^\d/.test(left) && /^\d/.test(right);
  return bothNumbers ? Number(left) - Number(right) : compareText(left, right);
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The message of anything that was thrown. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
