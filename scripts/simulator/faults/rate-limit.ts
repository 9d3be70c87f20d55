import type { Fault } from "./fault.ts";

/** The throttling of IMDS: allowed requests in any one second, and the reply to the others. */
export interface RateLimitSpec {
  readonly perSecond: number;
  /** Default 503. `drop`: no reply. */
  readonly answer?: 429 | 503 | "drop";
  /** Seconds, sent as Retry-After. */
  readonly retryAfter?: number;
}

/** A rate limiter with a sliding window of one second. */
export class RateLimit {
  readonly #spec: RateLimitSpec;
  readonly #nowMs: () => number;
  #allowedAtMs: readonly number[] = [];

  constructor(spec: RateLimitSpec, nowMs: () => number) {
    this.#spec = spec;
    this.#nowMs = nowMs;
  }

  /** Counts one request now. Returns its fault if it is throttled, null if it is allowed. */
  nextFault(): Fault | null {
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
