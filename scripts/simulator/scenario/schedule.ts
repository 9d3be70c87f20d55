interface Due {
  readonly dueMs: number;
  readonly run: (dueMs: number) => void;
}

/**
 * What is to happen later. Nothing runs by itself: whoever looks at the state runs what is due
 * first, so that the clock alone decides what is seen.
 */
export class Schedule {
  #due: readonly Due[] = [];

  add(dueMs: number, run: (dueMs: number) => void): void {
    this.#due = [...this.#due, { dueMs, run }].toSorted((a, b) => a.dueMs - b.dueMs);
  }

  /** Runs all that is due by `nowMs`, each with its own moment, and what they added. */
  runDue(nowMs: number): void {
    for (let next = this.#due[0]; next !== undefined && next.dueMs <= nowMs; next = this.#due[0]) {
      this.#due = this.#due.slice(1);
      next.run(next.dueMs);
    }
  }
}
