import activate from "../../src/commands/activate.ts";
import type { Command } from "../../src/cli/command.ts";
import fetch from "../../src/commands/fetch.ts";
import hotplug from "../../src/commands/hotplug.ts";
import probeNics from "../../src/commands/probe-nics.ts";

export type CommandHelp = Command["help"];
export type FlagEntry = readonly [name: string, flag: CommandHelp["flags"][string]];

/** What the subcommands say of themselves: the source of the man page and of the completions. */
export const commandHelps: readonly CommandHelp[] = [fetch, activate, probeNics, hotplug].map(
  ({ help }) => help,
);

/** The flags that all of them have, the same in each. */
export function commonFlags(helps: readonly CommandHelp[]): readonly FlagEntry[] {
  const [first, ...others] = helps;
  return Object.entries(first?.flags ?? {}).filter(([name, flag]) =>
    others.every(({ flags }) => Bun.deepEquals(flags[name], flag)),
  );
}

/** The flags of one that not all have. */
export function ownFlags(
  { flags }: CommandHelp,
  common: readonly FlagEntry[],
): readonly FlagEntry[] {
  return Object.entries(flags).filter(([name]) => !common.some(([known]) => known === name));
}

/** The actions that a subcommand takes by name: `[add|remove|sync]`; none where it takes others. */
export function actionsOf({ operands }: CommandHelp): readonly string[] {
  return /^\[([a-z]+(?:\|[a-z]+)+)\]$/.exec(operands)?.[1]?.split("|") ?? [];
}
