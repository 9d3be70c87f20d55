import { type CommandDef, defineCommand } from "citty";
import type { ErrorReport } from "../exit.ts";
import type { Host } from "../host/host.ts";

/** A flag, in citty's words, and what citty cannot say: that it may be given more than once. */
export interface Flag {
  readonly type: "boolean" | "string" | "enum";
  /** One letter. */
  readonly alias?: string;
  readonly valueHint?: string;
  readonly options?: readonly string[];
  readonly description: string;
  readonly multiple?: true;
}

export type Flags = Readonly<Record<string, Flag>>;

/** What stood on the command line, strictly parsed. */
export interface Argv<F extends Flags> {
  readonly flags: FlagValues<F>;
  readonly positionals: readonly string[];
  /** What followed `--`; null where there was none. */
  readonly rest: readonly string[] | null;
}

export type FlagValues<F extends Flags> = {
  readonly [K in keyof F]: F[K] extends { multiple: true }
    ? readonly string[]
    : F[K] extends { type: "boolean" }
      ? boolean
      : string | undefined;
};

export interface Definition<F extends Flags, Options> {
  readonly name: string;
  readonly summary: string;
  /** What follows the flags in the usage line: `[KEY…] [-- COMMAND…]`. */
  readonly operands: string;
  readonly flags: F;
  /** Below the flags in the help: paragraphs, wrapped at 80 columns. */
  readonly notes: readonly string[];
  readonly examples: readonly string[];
  /** Throws `USAGE` for what strict parsing cannot see. */
  readonly parse: (argv: Argv<F>) => Options;
  /** Does the work; gives the exit status. */
  readonly run: (host: Host, options: Options) => Promise<number>;
  /** What stdout holds after a failure; the flags are as far as they could be read. */
  readonly onFailure: (flags: LooseFlags, report: ErrorReport, ended: Ended) => string;
}

/** When a run failed, since its start, and with what. */
export interface Ended {
  readonly elapsedMs: number;
  readonly error: unknown;
}

export type LooseFlags = Readonly<Record<string, string | boolean | undefined>>;

/** A subcommand: citty's, with its strict parser and its help beside it. */
export interface Command extends CommandDef {
  readonly help: Pick<
    Definition<Flags, never>,
    "name" | "summary" | "operands" | "flags" | "notes" | "examples"
  >;
  readonly prepare: (argv: Argv<Flags>) => (host: Host) => Promise<number>;
  readonly onFailure: Definition<Flags, never>["onFailure"];
}

/** What `runCommand` hands to citty's `run`. */
export interface Work {
  readonly host: Host;
  readonly run: (host: Host) => Promise<number>;
}

export function command<const F extends Flags, Options>(of: Definition<F, Options>): Command {
  const { name, summary, operands, flags, notes, examples, onFailure } = of;
  const citty = defineCommand({
    meta: { name, description: summary },
    run: ({ data }: { data?: Work }) => data?.run(data.host),
  });
  return {
    ...citty,
    help: { name, summary, operands, flags, notes, examples },
    onFailure,
    prepare: (argv) => {
      // the parser below was built from the same flags, so the values have their types
      const options = of.parse(argv as unknown as Argv<F>);
      return (host) => of.run(host, options);
    },
  };
}
