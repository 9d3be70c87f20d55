import { Failure } from "../../exit.ts";

/** The result of one try. A final error is thrown instead, as a `Failure`. */
export type Answer =
  | { readonly kind: "value"; readonly body: Uint8Array }
  | { readonly kind: "absent" }
  | { readonly kind: "error"; readonly error: TransientError };

/** An error that may not happen at the next try. */
export interface TransientError {
  /** For the log, and for the message of the `Failure` it may end as. */
  readonly reason: string;
  readonly endsAs: TransientKind;
  /** The value of `Retry-After`; null: there is none. */
  readonly retryAfterMs: number | null;
  /** `token`: a new one may help. `path`: another one may. `rate`: fewer requests may. */
  readonly cause: "token" | "path" | "rate" | "service";
  /** The run's deadline ended it. */
  readonly isCutByDeadline: boolean;
}

const transientKinds = ["UNAVAILABLE", "DATAERR"] as const;
type TransientKind = (typeof transientKinds)[number];

/** Whether it is what a transient error ends as: a later request may succeed. */
export function isTransientFailure(error: unknown): error is Failure {
  return error instanceof Failure && transientKinds.some((kind) => kind === error.kind);
}

/**
 * Judges the status of an answer, before its body: null for 200. Throws `CONFIG` for 403, and
 * `DATAERR` for a redirect and every other refusal.
 */
export function classifyStatus(
  what: string,
  status: number,
  retryAfter: string | null,
  nowMs: number,
): Exclude<Answer, { kind: "value" }> | null {
  if (status === 200) return null;
  if (status === 404) return { kind: "absent" };
  if (status === 401) return transientError("401, the token was not accepted", { cause: "token" });
  if (status === 408 || status === 429 || status >= 500) {
    const retryAfterMs = parseRetryAfter(retryAfter, nowMs);
    const cause = isThrottling(status) ? "rate" : "service";
    return transientError(`${status}, ${describeStatus(status)}`, { retryAfterMs, cause });
  }
  if (status === 403) {
    const hint =
      "aws ec2 modify-instance-metadata-options --http-endpoint enabled --instance-id INSTANCE";
    throw new Failure("CONFIG", `${what}: 403, IMDS is switched off for this instance`, { hint });
  }
  if (status > 200 && status < 300) return notAnAnswer(`${status} is no answer`);
  const means = status >= 300 && status < 400 ? "a redirect: this is not IMDS" : "a refusal";
  throw new Failure("DATAERR", `${what}: ${status}, ${means}`);
}

/** A transient error; by default one of the service, without `Retry-After`. */
export function transientError(
  reason: string,
  options: Partial<Omit<TransientError, "reason">> = {},
): Extract<Answer, { kind: "error" }> {
  const defaults = { endsAs: "UNAVAILABLE", retryAfterMs: null, cause: "service" } as const;
  return { kind: "error", error: { reason, isCutByDeadline: false, ...defaults, ...options } };
}

/** A transient error of a service that answered something other than metadata. */
export function notAnAnswer(reason: string): Extract<Answer, { kind: "error" }> {
  return transientError(reason, { endsAs: "DATAERR" });
}

function describeStatus(status: number): string {
  if (isThrottling(status)) return "throttled";
  return status === 408 ? "timed out" : "server error";
}

function isThrottling(status: number): boolean {
  return status === 429 || status === 503;
}

/** Seconds, or a date (RFC 9110 §10.2.3); null for anything else. */
function parseRetryAfter(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? null : Math.max(0, dateMs - nowMs);
}
