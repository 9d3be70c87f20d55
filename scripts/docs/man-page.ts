import { exitMeanings } from "../../src/cli/help.ts";
import { wrapWords } from "../../src/output/text.ts";
import { type CommandHelp, commonFlags, type FlagEntry, ownFlags } from "./command-helps.ts";
import { description, environment, files, seeAlso, summary, type Terms } from "./man-text.ts";

export interface Edition {
  readonly version: string;
  /** The day, as `2026-11-21`. */
  readonly date: string;
}

/** The man page ec2nic(8) in the macros of man(7), from the help of the subcommands. */
export function manPage(helps: readonly CommandHelp[], { version, date }: Edition): string {
  const common = commonFlags(helps);
  const lines = [
    '.\\" made by scripts/docs.ts from the definitions of the subcommands',
    // groff 1.23 resets the adjustment at each heading to the value of this string
    ".ds AD l",
    `.TH EC2NIC 8 ${date} "ec2nic ${version}" "System Administration"`,
    // no hyphenation: a path that is broken at a hyphen cannot be pasted
    ".nh",
    ".ad l",
    ".SH NAME",
    `ec2nic \\- ${text(summary)}`,
    ".SH SYNOPSIS",
    ...helps.flatMap(synopsis),
    ".B ec2nic \\-\\-help",
    ".br",
    ".B ec2nic \\-\\-version",
    ".SH DESCRIPTION",
    ...paragraphs(description),
    ".SH COMMANDS",
    ...helps.flatMap((help) => section(help, ownFlags(help, common))),
    ".SH FLAGS OF EVERY COMMAND",
    ...common.flatMap(flagLines),
    ".SH EXIT STATUS",
    ...terms(exitMeanings),
    ".PP",
    "With",
    ".B fetch ... \\-\\- COMMAND",
    "the status is COMMAND's.",
    ".SH ENVIRONMENT",
    ...terms(environment),
    ".PP",
    "Flags take precedence.",
    "Proxy variables are ignored, so that no proxy receives the token.",
    ".SH FILES",
    ...terms(files),
    ".SH SEE ALSO",
    ...seeAlso.map(([name, part], at) => `.BR ${name} (${part})${seeAlso[at + 1] ? "," : ""}`),
  ];
  return `${lines.join("\n")}\n`;
}

function synopsis({ name, operands }: CommandHelp): readonly string[] {
  const rest = operands === "" ? "" : ` ${text(operands)}`;
  return [`.B ec2nic ${text(name)}`, `[flags]${rest}`, ".br"];
}

function section(help: CommandHelp, own: readonly FlagEntry[]): readonly string[] {
  return [
    `.SS ${text(help.name)}`,
    text(help.summary),
    ...own.flatMap(flagLines),
    ...help.notes.flatMap((note) => [".PP", text(note)]),
    ".PP",
    "Examples:",
    ".PP",
    ".nf",
    ".RS",
    ...help.examples.map(escaped),
    ".RE",
    ".fi",
  ];
}

function flagLines([name, flag]: FlagEntry): readonly string[] {
  const alias = flag.alias === undefined ? "" : `\\fB\\-${flag.alias}\\fR, `;
  const value = flag.valueHint ?? flag.options?.join("|");
  const argument = value === undefined ? "" : ` \\fI${escaped(value)}\\fR`;
  return [".TP", `${alias}\\fB\\-\\-${escaped(name)}\\fR${argument}`, text(flag.description)];
}

function terms(of: Terms): readonly string[] {
  return of.flatMap(([term, what]) => [".TP", `\\fB${escaped(term)}\\fR`, text(what)]);
}

function paragraphs(texts: readonly string[]): readonly string[] {
  return texts.flatMap((each, at) => [...(at === 0 ? [] : [".PP"]), text(each)]);
}

/** Prose, wrapped into lines of 80 columns. */
function text(plain: string): string {
  return wrapWords(plain.split(" ").map(escaped).join(" ")).join("\n");
}

/** Escapes backslashes, hyphens, and a character that would begin a request at the start of a line. */
function escaped(plain: string): string {
  const signs = plain.replaceAll("\\", "\\e").replaceAll("-", "\\-");
  return signs.replace(/^(?=[.'])/, "\\&");
}
