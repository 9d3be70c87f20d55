import { Failure } from "../../exit.ts";
import type { Result } from "../../output/result.ts";

/** What a run had done when it failed. */
export type Done = Pick<Result, "nics" | "plan" | "imds">;

/** An end that was foreseen, of a run that had changed something by then: that is told, too. */
export class LateFailure extends Failure {
  readonly done: Done;

  constructor({ kind, message, hint, cause }: Failure, done: Done) {
    super(kind, message, { ...(hint === undefined ? {} : { hint }), cause });
    this.done = done;
  }
}

/** What was done before a run failed with `error`. */
export function doneBefore(error: unknown): Done {
  return error instanceof LateFailure ? error.done : { nics: [], plan: null, imds: null };
}
