import { parseArgs } from "node:util";
import { Failure } from "../exit.ts";
import type { ParsedArgv, Flags, LooseFlags } from "./flags.ts";
import { findClosest, splitAtDoubleDash } from "./argv-words.ts";

/**
 * Parses the command line of the subcommand `name`. Throws `USAGE` for the first word that `flags`
 * does not allow.
 */
export function parseArgv(args: readonly string[], flags: Flags, name: string): ParsedArgv<Flags> {
  const { ownArgs, rest } = splitAtDoubleDash(args);
  const { values, positionals } = parseStrictly(ownArgs, flags, name);
  for (const [flag, { type, options }] of Object.entries(flags)) {
    const value = values[flag];
    if (type !== "enum" || value === undefined || options?.includes(String(value))) continue;
    const hint = `--${flag} is one of ${options?.join(", ")}`;
    throw new Failure("USAGE", `--${flag}: unknown value "${String(value)}"`, { hint });
  }
  return { flags: withDefaults(values, flags), positionals, rest };
}

/** Reads the flags that can be read. The command line may contain errors. */
export function parseLoosely(args: readonly string[], flags: Flags): LooseFlags {
  const { ownArgs } = splitAtDoubleDash(args);
  const options = { args: [...ownArgs], options: toNodeOptions(flags), strict: false };
  return parseArgs(options).values as LooseFlags;
}

/** Throws `USAGE` if there is any argument; `limit` is the beginning of the message. */
export function refuseArguments(
  { positionals, rest }: Pick<ParsedArgv<Flags>, "positionals" | "rest">,
  limit: string,
  toHint: (argument: string) => string,
): void {
  const [extra] = [...positionals, ...(rest ?? [])];
  if (extra === undefined) return;
  throw new Failure("USAGE", `${limit}, but got "${extra}"`, { hint: toHint(extra) });
}

/** Throws `USAGE` if one of these flags was given with an empty value. */
export function refuseEmptyValues<N extends string>(
  flags: Readonly<Partial<Record<N, string | undefined>>>,
  names: readonly N[],
): void {
  const empty = names.find((name) => flags[name] === "");
  if (empty === undefined) return;
  const hint = "is a variable of the calling script empty?";
  throw new Failure("USAGE", `--${empty}: the value is empty`, { hint });
}

function parseStrictly(args: readonly string[], flags: Flags, name: string) {
  try {
    const options = toNodeOptions(flags);
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (cause) {
    throw toUsageFailure(cause, flags, name);
  }
}

function toNodeOptions(flags: Flags) {
  return Object.fromEntries(
    Object.entries(flags).map(([flag, { type, alias, multiple = false }]) => {
      const valueType = type === "boolean" ? ("boolean" as const) : ("string" as const);
      return [flag, { type: valueType, multiple, ...(alias && { short: alias }) }];
    }),
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
