import { Failure } from "../../exit.ts";
import type { Result } from "../../output/result.ts";

/** What a run had done when it failed. */
export type PartialResult = Pick<Result, "nics" | "plan" | "imds">;

/** An end that was foreseen, of a run that had changed something by then: that is told, too. */
export class PartialFailure extends Failure {
  readonly partialResult: PartialResult;

  constructor({ kind, message, hint, cause }: Failure, partialResult: PartialResult) {
    super(kind, message, { ...(hint === undefined ? {} : { hint }), cause });
    this.partialResult = partialResult;
  }
}

/** What was done before a run failed with `error`. */
export function getPartialResult(error: unknown): PartialResult {
  return error instanceof PartialFailure
    ? error.partialResult
    : { nics: [], plan: null, imds: null };
}
