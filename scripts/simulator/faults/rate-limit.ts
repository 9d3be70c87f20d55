import type { Fault } from "./fault.ts";

/** IMDS throttles: so many requests in any one second, and beyond them this answer. */
export interface RateLimitSpec {
  readonly perSecond: number;
  /** Default 503. `drop`: silence. */
  readonly answer?: 429 | 503 | "drop";
  /** Seconds, sent as Retry-After. */
  readonly retryAfter?: number;
}

/** Counts the requests of the last second. */
export class RateLimit {
  readonly #spec: RateLimitSpec;
  readonly #nowMs: () => number;
  #allowedAtMs: readonly number[] = [];

  constructor(spec: RateLimitSpec, nowMs: () => number) {
    this.#spec = spec;
    this.#nowMs = nowMs;
  }

  /** What one more request gets, now: null where it is allowed. */
  take(): Fault | null {
    const nowMs = this.#nowMs();
    const recent = this.#allowedAtMs.filter((atMs) => atMs > nowMs - 1000);
    const isAllowed = recent.length < this.#spec.perSecond;
    this.#allowedAtMs = isAllowed ? [...recent, nowMs] : recent;
    return isAllowed ? null : throttled(this.#spec);
  }
}

function throttled({ answer = 503, retryAfter }: RateLimitSpec): Fault {
  if (answer === "drop") return { kind: "hang" };
  const headers = retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) };
  return { kind: "status", status: answer, headers };
}
