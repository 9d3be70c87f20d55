import { wrapWords } from "../output/text.ts";
import type { Flag, Flags } from "./flags.ts";

const flagColumn = 30;

export interface CommandHelp {
  readonly name: string;
  readonly summary: string;
  /** The part of the usage line after the flags, for example `[KEY…] [-- COMMAND…]`. */
  readonly operands: string;
  readonly flags: Flags;
  /** Paragraphs below the flags. */
  readonly notes: readonly string[];
  readonly examples: readonly string[];
}

/** The help of one subcommand, wrapped at 80 columns. */
export function renderCommandHelp(help: CommandHelp): string {
  return [
    `Usage: ec2nic ${help.name} [flags]${help.operands === "" ? "" : ` ${help.operands}`}`,
    "",
    ...wrapWords(help.summary),
    "",
    "Flags:",
    ...Object.entries(help.flags).flatMap(([name, flag]) => flagLines(name, flag)),
    ...help.notes.flatMap((note) => ["", ...wrapWords(note)]),
    "",
    "Examples:",
    ...help.examples.map((example) => `  ${example}`),
    "",
  ].join("\n");
}

/** The help of the program: its purpose, its subcommands and its exit statuses. */
export function renderProgramHelp(
  commands: readonly Pick<CommandHelp, "name" | "summary">[],
): string {
  return [
    "Usage: ec2nic COMMAND [flags]",
    "",
    "Network configuration for EC2 instances, from the metadata service (IMDS).",
    "",
    "Commands:",
    ...commands.flatMap(({ name, summary }) => labelLines(name, summary, 14)),
    "",
    "Exit status:",
    ...exitMeanings.flatMap(([code, means]) => labelLines(code, means, 6)),
    "",
    "For details: ec2nic COMMAND --help. Results go to stdout, messages to stderr.",
    "",
  ].join("\n");
}

/** The exit statuses of the program, and what each means. */
export const exitMeanings = [
  ["0", "done, or nothing to do"],
  ["1", "--check found a difference"],
  ["64", "wrong command line"],
  ["65", "IMDS answered something that is not metadata, or that contradicts itself"],
  ["66", "the key does not exist"],
  ["69", "IMDS was not reached before --timeout: retry later"],
  ["70", "a bug in ec2nic: report it"],
  ["71", "a backend command failed, or a file could not be read; the old configuration was kept"],
  ["73", "a file could not be written; nothing half-written remains"],
  ["75", "metadata is still incomplete; the known part has been applied: run again"],
  ["77", "root or a capability is needed"],
  ["78", "IMDS is disabled, or no network backend is active"],
  ["129+", "ended by a signal: 128 + its number"],
] as const;

function flagLines(name: string, flag: Flag): readonly string[] {
  const alias = flag.alias === undefined ? "    " : `-${flag.alias}, `;
  const value = flag.valueHint ?? flag.options?.join("|");
  const label = `${alias}--${name}${value === undefined ? "" : ` ${value}`}`;
  return labelLines(label, flag.description, flagColumn);
}

/** A label and its text: on the same line, or below the label if the label is too long. */
function labelLines(label: string, text: string, column: number): readonly string[] {
  const [first = "", ...others] = wrapWords(text, " ".repeat(column + 2));
  if (label.length > column - 2) return [`  ${label}`, first, ...others];
  return [`  ${label.padEnd(column)}${first.trimStart()}`, ...others];
}
