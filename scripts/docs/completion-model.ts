import { actionsOf, type CommandHelp, type FlagEntry } from "./command-helps.ts";

/** The kind of a flag's value. `none`: the flag has no value; `any`: a value that is not completed. */
export type ValueKind = "none" | "any" | "words" | "file" | "folder" | "nic";

export interface FlagModel {
  readonly name: string;
  readonly alias: string | null;
  readonly description: string;
  /** The name of the value in the help; "" where there is none. */
  readonly hint: string;
  readonly kind: ValueKind;
  /** The possible values, for the kind `words`. */
  readonly words: readonly string[];
  readonly isRepeatable: boolean;
}

/** A subcommand, as the completions of all shells need it. */
export interface CommandModel {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly FlagModel[];
  readonly actions: readonly string[];
  /** Whether another command may follow `--`. */
  readonly takesCommand: boolean;
}

const kinds: Readonly<Record<string, ValueKind>> = {
  FILE: "file",
  DIR: "folder",
  PATH: "folder",
  NIC: "nic",
  NAME: "nic",
};

/** Converts the help of the subcommands. */
export function completionModel(helps: readonly CommandHelp[]): readonly CommandModel[] {
  return helps.map((help) => ({
    name: help.name,
    summary: help.summary,
    flags: Object.entries(help.flags).map(flagModel),
    actions: actionsOf(help),
    takesCommand: help.operands.includes("-- COMMAND"),
  }));
}

function flagModel([name, flag]: FlagEntry): FlagModel {
  const words = flag.options ?? [];
  const hint = flag.valueHint ?? (words.length > 0 ? name.toUpperCase() : "");
  return {
    name,
    alias: flag.alias ?? null,
    description: flag.description,
    hint,
    kind: flag.type === "boolean" ? "none" : words.length > 0 ? "words" : (kinds[hint] ?? "any"),
    words,
    isRepeatable: flag.multiple === true,
  };
}
