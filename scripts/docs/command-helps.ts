import activate from "../../src/commands/activate.ts";
import type { Command } from "../../src/cli/command.ts";
import fetch from "../../src/commands/fetch.ts";
import hotplug from "../../src/commands/hotplug.ts";
import probeNics from "../../src/commands/probe-nics.ts";

export type CommandHelp = Command["help"];
export type FlagEntry = readonly [name: string, flag: CommandHelp["flags"][string]];

/** The help of each subcommand, the source of the man page and of the completions. */
export const commandHelps: readonly CommandHelp[] = [fetch, activate, probeNics, hotplug].map(
  ({ help }) => help,
);

/** The flags that all subcommands have with the same definition. */
export function commonFlags(helps: readonly CommandHelp[]): readonly FlagEntry[] {
  const [first, ...others] = helps;
  return Object.entries(first?.flags ?? {}).filter(([name, flag]) =>
    others.every(({ flags }) => Bun.deepEquals(flags[name], flag)),
  );
}

/** The flags of a subcommand that are not common to all. */
export function ownFlags(
  { flags }: CommandHelp,
  common: readonly FlagEntry[],
): readonly FlagEntry[] {
  return Object.entries(flags).filter(([name]) => !common.some(([known]) => known === name));
}

/** The actions of a subcommand, from operands like `[add|remove|sync]`; empty for other operands. */
export function actionsOf({ operands }: CommandHelp): readonly string[] {
  return /^\[([a-z]+(?:\|[a-z]+)+)\]$/.exec(operands)?.[1]?.split("|") ?? [];
}
