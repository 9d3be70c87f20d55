import type { CommandModel, FlagModel, ValueKind } from "./completion-model.ts";

/** Completion for bash 4 and later. It does not need bash-completion, which finds it by its name. */
export function bashCompletion(commands: readonly CommandModel[]): string {
  const names = [...commands.map(({ name }) => name), "--help", "--version"].join(" ");
  return `# made by scripts/docs.ts from the definitions of the subcommands
_ec2nic() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
  local command=\${COMP_WORDS[1]} words='' at
  COMPREPLY=()
  # --flag=value is three words to bash
  if [[ $cur == '=' ]]; then
    cur=''
  elif [[ $prev == '=' ]]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '${names}' -- "$cur")
    return
  fi
  case $command in
${commands.map(commandCase).join("\n")}
    *) return ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _ec2nic ec2nic
`;
}

function commandCase(command: CommandModel): string {
  const flags = command.flags.map(({ name }) => `--${name}`);
  const groups = Object.entries(Object.groupBy(command.flags, answerTo));
  const cases = groups.filter(([answer]) => answer !== "").map(valueCase);
  return `    ${command.name})
${command.takesCommand ? afterDashes : ""}      case $prev in
${cases.join("\n")}
      esac
      words='${[...command.actions, ...flags].join(" ")}'
      ;;`;
}

const afterDashes = `      for ((at = 2; at < COMP_CWORD; at++)); do
        if [[ \${COMP_WORDS[at]} == -- ]]; then
          local how=-f
          if ((at + 1 == COMP_CWORD)); then how=-c; fi
          compopt -o filenames
          mapfile -t COMPREPLY < <(compgen "$how" -- "$cur")
          return
        fi
      done
`;

function valueCase([answer, flags]: [string, readonly FlagModel[] | undefined]): string {
  const names = (flags ?? []).map(({ name }) => `--${name}`).join(" | ");
  return `        ${names})
          ${answer.split("\n").join("\n          ")}
          return
          ;;`;
}

const listed = (what: string): string => `mapfile -t COMPREPLY < <(compgen ${what} -- "$cur")`;

const answers: Readonly<Record<Exclude<ValueKind, "words">, string>> = {
  none: "",
  any: ":",
  file: `compopt -o filenames\n${listed("-f")}`,
  folder: `compopt -o filenames\n${listed("-d")}`,
  nic: listed('-W "$(command ls /sys/class/net 2>/dev/null)"'),
};

/** The bash code that offers values of a flag; "" where the flag has no value. */
function answerTo({ kind, words }: FlagModel): string {
  return kind === "words" ? listed(`-W '${words.join(" ")}'`) : answers[kind];
}
