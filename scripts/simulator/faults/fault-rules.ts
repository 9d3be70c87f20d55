import type { Fault, FaultRule } from "./fault.ts";
import { glob } from "./glob.ts";

interface Entry {
  readonly fault: Fault;
  readonly matches: (text: string) => boolean;
  readonly fromMs: number;
  readonly untilMs: number;
  skip: number;
  left: number;
}

/** The active fault rules, in the order in which they were added. */
export class FaultRules {
  readonly #entries: Entry[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  add(rule: FaultRule): void {
    const fromMs = this.#nowMs() + (rule.afterMs ?? 0);
    this.#entries.push({
      fault: rule.fault,
      matches: glob(rule.match ?? defaultMatch(rule.fault)),
      fromMs,
      untilMs: fromMs + (rule.forMs ?? Number.POSITIVE_INFINITY),
      skip: rule.skip ?? 0,
      left: rule.times ?? Number.POSITIVE_INFINITY,
    });
  }

  /** The fault for this request, which counts towards the rule's `times`; null: no fault. */
  nextFault(request: { readonly method: string; readonly path: string }): Fault | null {
    const text = `${request.method} ${request.path}`;
    const nowMs = this.#nowMs();
    for (const entry of this.#entries) {
      const isActive = nowMs >= entry.fromMs && nowMs < entry.untilMs;
      if (!isActive || entry.left <= 0 || !entry.matches(text)) continue;
      if (entry.skip > 0) {
        entry.skip -= 1;
        continue;
      }
      entry.left -= 1;
      return entry.fault;
    }
    return null;
  }

  clear(): void {
    this.#entries.length = 0;
  }
}

function defaultMatch(fault: Fault): string {
  return fault.kind === "token-rejected" ? "PUT /latest/api/token" : "*";
}
