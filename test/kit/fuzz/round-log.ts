import { Failure } from "../../../src/exit.ts";

/** The limit of one request: ten times what a token and three tries need beside other rounds. */
export const longestMs = 20_000;
/** The limit of a message, whatever the service sent. */
export const longestMessage = 2000;

const expected: readonly string[] = ["UNAVAILABLE", "DATAERR", "CONFIG", "NOINPUT", "TEMPFAIL"];

/** The outcomes and faults of a task. */
export class RoundLog {
  readonly outcomes: string[] = [];
  readonly faults: string[] = [];
  slowestMs = 0;

  /** Runs `work`, which returns a word for the outcome and its own faults. */
  async record(
    work: () => Promise<{ readonly word: string; readonly faults: readonly string[] }>,
    isOneRequest = false,
  ): Promise<void> {
    const startMs = performance.now();
    try {
      const { word, faults } = await work();
      this.outcomes.push(word);
      this.faults.push(...faults);
    } catch (error) {
      this.#recordError(error);
    }
    const tookMs = performance.now() - startMs;
    this.slowestMs = Math.max(this.slowestMs, tookMs);
    if (isOneRequest && tookMs > longestMs)
      this.faults.push(`one request took ${Math.round(tookMs)} ms`);
  }

  #recordError(error: unknown): void {
    if (error instanceof Failure && expected.includes(error.kind)) {
      this.outcomes.push(error.kind);
      const length = error.message.length + (error.hint ?? "").length;
      if (length > longestMessage)
        this.faults.push(`a message of ${length} characters: ${error.message.slice(0, 80)}`);
      return;
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.outcomes.push("bug");
    this.faults.push(`an unexpected error: ${text}`);
  }
}
