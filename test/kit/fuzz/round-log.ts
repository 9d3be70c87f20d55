import { Failure } from "../../../src/exit.ts";

/** More than any question may take: a token, two tries, and a machine that is busy. */
export const longestMs = 4000;
/** A message is a line for a person, whatever a service wrote. */
export const longestMessage = 2000;

const expected: readonly string[] = ["UNAVAILABLE", "DATAERR", "CONFIG", "NOINPUT", "TEMPFAIL"];

/** What a task came to, question by question. */
export class RoundLog {
  readonly outcomes: string[] = [];
  readonly faults: string[] = [];
  slowestMs = 0;

  /** `work` gives a word, and faults that it found itself. */
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
      this.#judge(error);
    }
    const tookMs = performance.now() - startMs;
    this.slowestMs = Math.max(this.slowestMs, tookMs);
    if (isOneRequest && tookMs > longestMs)
      this.faults.push(`one question took ${Math.round(tookMs)} ms`);
  }

  #judge(error: unknown): void {
    if (error instanceof Failure && expected.includes(error.kind)) {
      this.outcomes.push(error.kind);
      const length = error.message.length + (error.hint ?? "").length;
      if (length > longestMessage)
        this.faults.push(`a message of ${length} characters: ${error.message.slice(0, 80)}`);
      return;
    }
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.outcomes.push("bug");
    this.faults.push(`no foreseen failure: ${said}`);
  }
}
