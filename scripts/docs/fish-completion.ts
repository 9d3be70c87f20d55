import type { CommandModel, FlagModel, ValueKind } from "./completion-model.ts";

/** Completion for fish: the file `ec2nic.fish` in vendor_completions.d. */
export function fishCompletion(commands: readonly CommandModel[]): string {
  const lines = [
    "# made by scripts/docs.ts from the definitions of the subcommands",
    "complete -c ec2nic -f",
    "complete -c ec2nic -n __fish_use_subcommand -s h -l help -d 'show this help'",
    "complete -c ec2nic -n __fish_use_subcommand -l version -d 'show the version'",
    ...commands.map(
      ({ name, summary }) =>
        `complete -c ec2nic -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ),
    ...commands.flatMap(commandLines),
  ];
  return `${lines.join("\n")}\n`;
}

function commandLines({ name, flags, actions, takesCommand }: CommandModel): readonly string[] {
  const start = `complete -c ec2nic -n '__fish_seen_subcommand_from ${name}'`;
  return [
    ...flags.map((flag) => `${start} ${flagWords(flag)} -d ${quoted(flag.description)}`),
    ...actions.map((action) => `${start} -a ${action}`),
    ...(takesCommand ? [afterDashes(name)] : []),
  ];
}

/** For fish, too, `--` ends the flags: whether it has occurred is seen in the words so far. */
function afterDashes(name: string): string {
  const seen = `__fish_seen_subcommand_from ${name}; and contains -- -- (commandline -opc)`;
  return `complete -c ec2nic -n '${seen}' -F -a '(__fish_complete_command)'`;
}

const values: Readonly<Record<Exclude<ValueKind, "words">, string>> = {
  none: "",
  any: " -x",
  file: " -r -F",
  folder: " -x -a '(__fish_complete_directories)'",
  nic: " -x -a '(command ls /sys/class/net 2>/dev/null)'",
};

function flagWords({ name, alias, kind, words }: FlagModel): string {
  const value = kind === "words" ? ` -x -a '${words.join(" ")}'` : values[kind];
  return `${alias === null ? "" : `-s ${alias} `}-l ${name}${value}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
