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

/** As far as they could be read, before all is known to be right. */
export type LooseFlags = Readonly<Record<string, string | boolean | undefined>>;
