import { Failure } from "../../exit.ts";
import type { Result } from "../../output/result.ts";

/** What a run had already done when it failed. */
export type PartialResult = Pick<Result, "nics" | "plan" | "imds">;

/** A failure of a run that may have changed something before; that is reported with it. */
export class PartialFailure extends Failure {
  readonly partialResult: PartialResult;

  constructor({ kind, message, hint, cause }: Failure, partialResult: PartialResult) {
    super(kind, message, { ...(hint === undefined ? {} : { hint }), cause });
    this.partialResult = partialResult;
  }
}

/** What a run had done before it failed with `error`. */
export function getPartialResult(error: unknown): PartialResult {
  return error instanceof PartialFailure
    ? error.partialResult
    : { nics: [], plan: null, imds: null };
}
