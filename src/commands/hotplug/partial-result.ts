import { Failure } from "../../exit.ts";
import type { Result } from "../../output/result.ts";

/** What a run had already done when it failed. */
export type PartialResult = Pick<Result, "nics" | "plan" | "imds">;

/** A failure of a run, with what the run had already done, so that both are reported. */
export class PartialFailure extends Failure {
  readonly partialResult: PartialResult;

  constructor({ kind, message, hint, cause }: Failure, partialResult: PartialResult) {
    super(kind, message, { hint, cause });
    this.partialResult = partialResult;
  }
}

/** What a run had done before it threw `error`; empty if that is not known. */
export function getPartialResult(error: unknown): PartialResult {
  return error instanceof PartialFailure
    ? error.partialResult
    : { nics: [], plan: null, imds: null };
}
