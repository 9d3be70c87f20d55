import type { CommandModel, FlagModel, ValueKind } from "./completion-model.ts";

/** Completion for zsh: the file `_ec2nic` in a folder of `$fpath`. */
export function zshCompletion(commands: readonly CommandModel[]): string {
  return `#compdef ec2nic
# made by scripts/docs.ts from the definitions of the subcommands

_ec2nic_operands() {
  local dashes=\${words[(i)--]}
  if ((dashes < CURRENT)); then
    if ((dashes + 1 == CURRENT)); then _command_names -e; else _files; fi
  else
    _message 'key of the metadata'
  fi
}

_ec2nic() {
  local curcontext=$curcontext state line
  local -a subcommands
  typeset -A opt_args
  _arguments -C \\
    '(- *)'{-h,--help}'[show this help]' \\
    '(- *)--version[show the version]' \\
    '1:command:->command' \\
    '*::argument:->argument'
  case $state in
    command)
      subcommands=(
${commands.map(({ name, summary }) => `        ${quoted(`${name}:${summary}`)}`).join("\n")}
      )
      _describe command subcommands
      ;;
    argument)
      case $words[1] in
${commands.map(commandCase).join("\n")}
      esac
      ;;
  esac
}

_ec2nic "$@"
`;
}

function commandCase({ name, flags, actions, takesCommand }: CommandModel): string {
  const operands =
    actions.length > 0
      ? [`1:action:(${actions.join(" ")})`]
      : takesCommand
        ? ["*:key:_ec2nic_operands"]
        : [];
  const specs = [...flags.flatMap(flagSpecs), ...operands.map(quoted)];
  const lines = specs.map((spec) => `            ${spec}`).join(" \\\n");
  return `        ${name})
          _arguments${takesCommand ? " -S" : ""} \\
${lines}
          ;;`;
}

const actions: Readonly<Record<Exclude<ValueKind, "words">, string>> = {
  none: "",
  any: " ",
  file: "_files",
  folder: "_files -/",
  nic: "_net_interfaces",
};

/** One specification for each form of a flag; see zshcompsys(1), _arguments. */
function flagSpecs(flag: FlagModel): readonly string[] {
  const { name, alias, kind, words, hint, isRepeatable } = flag;
  const action = kind === "words" ? `(${words.join(" ")})` : actions[kind];
  const value = kind === "none" ? "" : `=:${hint}:${action}`;
  // a long flag and its value may be separated by a space or by `=`
  const [sign, rest] = value === "" ? ["", ""] : ["=", value.slice(1)];
  const shown = `[${flag.description.replaceAll(/[[\]:\\]/g, String.raw`\$&`)}]`;
  const forms = alias === null ? [`--${name}`] : [`-${alias}`, `--${name}`];
  const others = alias === null ? "" : `(${forms.join(" ")})`;
  return forms.map((form) => quoted(`${isRepeatable ? "*" : others}${form}${sign}${shown}${rest}`));
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
