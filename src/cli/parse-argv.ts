import { parseArgs } from "node:util";
import { Failure } from "../exit.ts";
import type { ParsedArgv, Flags, LooseFlags } from "./flags.ts";

/**
 * The command line, strictly: citty takes unknown flags, `--json=no` as true and `--output --json`
 * as a file called `--json`. Throws `USAGE` naming what is wrong.
 */
export function parseArgv(args: readonly string[], flags: Flags, name: string): ParsedArgv<Flags> {
  const end = args.indexOf("--");
  const ownArgs = end < 0 ? args : args.slice(0, end);
  const { values, positionals } = parseStrictly(ownArgs, flags, name);
  for (const [flag, { type, options }] of Object.entries(flags)) {
    const value = values[flag];
    if (type !== "enum" || value === undefined || options?.includes(String(value))) continue;
    const hint = `--${flag} is one of ${options?.join(", ")}`;
    throw new Failure("USAGE", `--${flag}: "${String(value)}" is not known`, { hint });
  }
  return {
    flags: withDefaults(values, flags),
    positionals,
    rest: end < 0 ? null : args.slice(end + 1),
  };
}

/** The flags as far as they can be read, for what must be known before all is known to be right. */
export function parseLoosely(args: readonly string[], flags: Flags): LooseFlags {
  const end = args.indexOf("--");
  const ownArgs = end < 0 ? args : args.slice(0, end);
  const options = { args: [...ownArgs], options: toNodeOptions(flags), strict: false };
  return parseArgs(options).values as LooseFlags;
}

function parseStrictly(args: readonly string[], flags: Flags, name: string) {
  try {
    return parseArgs({
      args: [...args],
      options: toNodeOptions(flags),
      strict: true,
      allowPositionals: true,
    });
  } catch (cause) {
    throw toUsageFailure(cause, flags, name);
  }
}

function toNodeOptions(flags: Flags) {
  return Object.fromEntries(
    Object.entries(flags).map(([flag, { type, alias, multiple = false }]) => [
      flag,
      {
        type: type === "boolean" ? ("boolean" as const) : ("string" as const),
        multiple,
        ...(alias === undefined ? {} : { short: alias }),
      },
    ]),
  );
}

function withDefaults(values: Readonly<Record<string, unknown>>, flags: Flags) {
  const entries = Object.entries(flags).map(([flag, { type, multiple }]) => {
    const missing = multiple ? [] : type === "boolean" ? false : undefined;
    return [flag, values[flag] ?? missing] as const;
  });
  return Object.fromEntries(entries) as ParsedArgv<Flags>["flags"];
}

function toUsageFailure(cause: unknown, flags: Flags, name: string): Failure {
  const text = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && "code" in cause ? cause.code : "";
  const [, named = ""] = /'(?:-\w, )?([^\s'=]*)/.exec(text) ?? [];
  const flag = named.startsWith("-") ? named : `-${named}`;
  const help = `ec2nic ${name} --help`;
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    const known = Object.keys(flags).map((each) => `--${each}`);
    const closestFlag = findClosest(flag, known);
    const hint = closestFlag === null ? help : `did you mean ${closestFlag}?`;
    return new Failure("USAGE", `${name} has no flag ${flag}`, { cause, hint });
  }
  const known = flags[flag.replace(/^--/, "")];
  const value = known?.valueHint ?? known?.options?.join("|");
  const form = text.includes("ambiguous") ? `${flag}=${value}` : `${flag} ${value}`;
  const reason = value === undefined ? "takes no value" : `needs a value: ${form}`;
  return new Failure("USAGE", `${flag} ${reason}`, { cause, hint: help });
}

/** The candidate that `text` was most likely meant to be; null where none is near. */
export function findClosest(text: string, candidates: readonly string[]): string | null {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: computeEditDistance(text, candidate) }))
    .toSorted((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= Math.max(1, text.length / 3)
    ? best.candidate
    : null;
}

/** Levenshtein's distance: insertions, deletions and substitutions. */
function computeEditDistance(a: string, b: string): number {
  const first = Array.from({ length: b.length + 1 }, (_, column) => column);
  const last = a.split("").reduce<readonly number[]>((above, letter, row) => {
    const line = [row + 1];
    for (let column = 1; column <= b.length; column += 1) {
      const change = (above[column - 1] ?? 0) + (letter === b[column - 1] ? 0 : 1);
      line.push(Math.min(change, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1));
    }
    return line;
  }, first);
  return last.at(-1) ?? 0;
}
