interface ScheduledAction {
  readonly dueMs: number;
  readonly run: (dueMs: number) => void;
}

/**
 * Actions at later times. There is no timer: each read of the state first calls `runDue`, so the
 * state depends only on the clock.
 */
export class Schedule {
  #due: readonly ScheduledAction[] = [];

  add(dueMs: number, run: (dueMs: number) => void): void {
    this.#due = [...this.#due, { dueMs, run }].toSorted((a, b) => a.dueMs - b.dueMs);
  }

  /** Runs all actions due by `nowMs`, also those added meanwhile, each with its own due time. */
  runDue(nowMs: number): void {
    for (let next = this.#due[0]; next !== undefined && next.dueMs <= nowMs; next = this.#due[0]) {
      this.#due = this.#due.slice(1);
      next.run(next.dueMs);
    }
  }
}
