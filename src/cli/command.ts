import { type CommandDef, defineCommand, runCommand } from "citty";
import type { ErrorReport } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { Flags, LooseFlags, ParsedArgv } from "./flags.ts";
import type { CommandHelp } from "./help.ts";
import { parseArgv, parseLoosely } from "./parse-argv.ts";

export interface SubcommandDefinition<F extends Flags, Options> extends CommandHelp {
  readonly flags: F;
  /** Throws `USAGE` for what the definition of the flags cannot express. */
  readonly parse: (argv: ParsedArgv<F>) => Options;
  /** Does the work; returns the exit status. */
  readonly run: (host: Host, options: Options) => Promise<number>;
  /** The text for stdout after a failure; `flags` are those that could be read. */
  readonly onFailure: (flags: LooseFlags, report: ErrorReport, failedRun: FailedRun) => string;
}

export interface FailedRun {
  /** Since the start of the process. */
  readonly elapsedMs: number;
  readonly error: unknown;
}

/** A subcommand as citty defines it, with the help, the strict parser and the work beside it. */
export interface Command extends CommandDef {
  readonly help: CommandHelp;
  /** Reads the flags as far as it can; throws nothing. */
  readonly parseLoosely: (args: readonly string[]) => LooseFlags;
  /** Parses strictly (throws `USAGE`) and does the work; returns the exit status. */
  readonly start: (host: Host, args: readonly string[]) => Promise<number>;
  readonly onFailure: SubcommandDefinition<Flags, never>["onFailure"];
}

/**
 * Defines a subcommand with citty. What is citty's and is not used, and why:
 * - its parser: it accepts unknown flags, reads `--json=no` as true and `--output --json` as a file;
 * - `renderUsage`: it prints colours, does not wrap at 80 columns and knows no notes or examples;
 * - `runMain`: it prints the usage after any error and always ends with 1, not with a sysexit.
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
      // the parser was built from the same flags, so the values have their types
      const options = parse(parseArgv(args, help.flags, help.name) as unknown as ParsedArgv<F>);
      const work = (): Promise<number> => run(host, options);
      const { result } = await runCommand(citty, { rawArgs: [], data: { work } });
      return typeof result === "number" ? result : 0;
    },
  };
}
