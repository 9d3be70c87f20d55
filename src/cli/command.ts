import { type CommandDef, defineCommand, runCommand } from "citty";
import type { ErrorReport } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { ParsedArgv, Flags, LooseFlags } from "./flags.ts";
import { parseLoosely, parseArgv } from "./parse-argv.ts";

export interface SubcommandDefinition<F extends Flags, Options> {
  readonly name: string;
  readonly summary: string;
  /** What follows the flags in the usage line: `[KEY…] [-- COMMAND…]`. */
  readonly operands: string;
  readonly flags: F;
  /** Below the flags in the help: paragraphs, wrapped at 80 columns. */
  readonly notes: readonly string[];
  readonly examples: readonly string[];
  /** Throws `USAGE` for what strict parsing cannot see. */
  readonly parse: (argv: ParsedArgv<F>) => Options;
  /** Does the work; gives the exit status. */
  readonly run: (host: Host, options: Options) => Promise<number>;
  /** What stdout holds after a failure; the flags are as far as they could be read. */
  readonly onFailure: (flags: LooseFlags, report: ErrorReport, failedRun: FailedRun) => string;
}

/** When a run failed, since its start, and with what. */
export interface FailedRun {
  readonly elapsedMs: number;
  readonly error: unknown;
}

/**
 * A subcommand: citty's, with its strict parser and its help beside it. What parses and runs comes
 * with it, too: to ask for the version needs none of that.
 */
export interface Command extends CommandDef {
  readonly help: Pick<
    SubcommandDefinition<Flags, never>,
    "name" | "summary" | "operands" | "flags" | "notes" | "examples"
  >;
  /** The flags as far as they can be read. */
  readonly parseLoosely: (args: readonly string[]) => LooseFlags;
  /** Parses strictly (throws `USAGE`) and does the work; gives the exit status. */
  readonly start: (host: Host, args: readonly string[]) => Promise<number>;
  readonly onFailure: SubcommandDefinition<Flags, never>["onFailure"];
}

/** What `runCommand` hands to citty's `run`. */
interface CittyData {
  readonly work: () => Promise<number>;
}

export function defineSubcommand<const F extends Flags, Options>(
  definition: SubcommandDefinition<F, Options>,
): Command {
  const { name, summary, operands, flags, notes, examples, onFailure } = definition;
  const citty = defineCommand({
    meta: { name, description: summary },
    run: ({ data }: { data?: CittyData }) => data?.work(),
  });
  return {
    ...citty,
    help: { name, summary, operands, flags, notes, examples },
    onFailure,
    parseLoosely: (args) => parseLoosely(args, flags),
    start: async (host, args) => {
      // the parser was built from the same flags, so the values have their types
      const options = definition.parse(parseArgv(args, flags, name) as unknown as ParsedArgv<F>);
      const work = (): Promise<number> => definition.run(host, options);
      const { result } = await runCommand(citty, { rawArgs: [], data: { work } });
      return typeof result === "number" ? result : 0;
    },
  };
}
