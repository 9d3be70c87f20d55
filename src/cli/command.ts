import { type CommandDef, defineCommand, runCommand } from "citty";
import type { ErrorReport } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { Flags, LooseFlags, ParsedArgv } from "./flags.ts";
import type { CommandHelp } from "./help.ts";
import { parseArgv, parseLoosely } from "./parse-argv.ts";

export interface SubcommandDefinition<F extends Flags, Options> extends CommandHelp {
  readonly flags: F;
  /** Throws `USAGE` if the command line breaks a rule that `flags` cannot express. */
  readonly parse: (argv: ParsedArgv<F>) => Options;
  /** Does the work; returns the exit status. */
  readonly run: (host: Host, options: Options) => Promise<number>;
  /** Returns the text for stdout after a failure. `flags` contains the flags that could be read. */
  readonly onFailure: (flags: LooseFlags, report: ErrorReport, failedRun: FailedRun) => string;
}

export interface FailedRun {
  /** Since the start of the process. */
  readonly elapsedMs: number;
  readonly error: unknown;
}

/** A subcommand: citty's definition, extended by the help, the parsers and the work. */
export interface Command extends CommandDef {
  readonly help: CommandHelp;
  /** Reads the flags that can be read, and ignores errors. */
  readonly parseLoosely: (args: readonly string[]) => LooseFlags;
  /** Parses strictly, does the work and returns the exit status. Throws `USAGE`. */
  readonly start: (host: Host, args: readonly string[]) => Promise<number>;
  readonly onFailure: SubcommandDefinition<Flags, never>["onFailure"];
}

/**
 * Defines a subcommand with citty. These parts of citty are not used:
 * - its parser, which accepts unknown flags, reads `--json=no` as true and `--output --json` as a
 *   file;
 * - `renderUsage`, which prints colours, does not wrap at 80 columns and has no notes or examples;
 * - `runMain`, which prints the usage after any error and ends with 1 instead of a sysexit.
 */
export function defineSubcommand<const F extends Flags, Options>(
  definition: SubcommandDefinition<F, Options>,
): Command {
  const { parse, run, onFailure, ...help } = definition;
  const citty = defineCommand({
    meta: { name: help.name, description: help.summary },
    run: ({ data }: { data?: { readonly work: () => Promise<number> } }) => data?.work(),
  });
  return {
    ...citty,
    help,
    onFailure,
    parseLoosely: (args) => parseLoosely(args, help.flags),
    start: async (host, args) => {
      // `parseArgv` gets the same flag definitions, so each value has the type of its flag
      const options = parse(parseArgv(args, help.flags, help.name) as unknown as ParsedArgv<F>);
      const work = (): Promise<number> => run(host, options);
      const { result } = await runCommand(citty, { rawArgs: [], data: { work } });
      return typeof result === "number" ? result : 0;
    },
  };
}
