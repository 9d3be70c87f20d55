import { Failure } from "../exit.ts";

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** More than any wait needs, and far below the longest timer, 2^31 - 1 ms. */
const maxDurationMs = 24 * 3_600_000;

/** `300ms`, `10s`, `1.5m`, `1h` as milliseconds. Throws `USAGE` with a message about `source`. */
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

/** Milliseconds for messages: `250 ms`, `2.4 s`, `1 min 5 s`. */
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

/** `nmcli up ens5: ended with 4: no lease`; the last part is the first line of `output`. */
export function describeCommandFailure(
  argv: readonly string[],
  code: number,
  output: string,
): string {
  const problem = code === 127 ? "there is no such command" : `ended with ${code}`;
  const [firstLine = ""] = output.trim().split("\n");
  return [argv.join(" "), problem, firstLine].filter((part) => part !== "").join(": ");
}

/** Quotes a word of a command that a user can paste; ec2nic itself runs no command over a shell. */
export function quoteShellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * Characters that control a terminal or the direction of its text, except for the line feed.
 * https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
 */
const controlChars =
  // oxlint-disable-next-line no-control-regex -- the pattern is about them
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Replaces control characters by `escape` of their code, by default like JSON: `\u001b`. */
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
 * Compares names with their numbers: `eth2` before `eth10`. Otherwise compares by code unit and not
 * by locale, so that every machine sorts in the same order.
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

/** By code unit: -1, 0 or 1. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * Gives the fields of a `/proc/PID/stat` by their numbers in proc_pid_stat(5), from 3 on. Field 2,
 * the command's name, can contain blanks and parentheses, so it is cut off first.
 */
export function parseProcStat(stat: string): (number: number) => string | undefined {
  const fields = stat.replace(/^.*\) /s, "").split(" ");
  return (number) => fields[number - 3];
}
