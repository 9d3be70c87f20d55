import { Failure } from "../../exit.ts";

/** What one try came to. A final error is thrown instead, as a `Failure`. */
export type Answer =
  | { readonly kind: "value"; readonly body: Uint8Array }
  | { readonly kind: "absent" }
  | { readonly kind: "error"; readonly error: TransientError };

/** Trouble that may pass: worth another try. */
export interface TransientError {
  /** In words, for the log and for the error it may end as. */
  readonly reason: string;
  readonly endsAs: "UNAVAILABLE" | "DATAERR";
  /** What `Retry-After` asks for; null where it doesn't. */
  readonly retryAfterMs: number | null;
  /** `token`: a new one may help. `path`: another way to the service may. `rate`: to ask less may. */
  readonly cause: "token" | "path" | "rate" | "service";
  /** It ended because the run's time did. */
  readonly isCutByDeadline: boolean;
}

/** What the status of `what` says, before any of the body is read. `null`: 200, read on. */
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
    throw new Failure("CONFIG", `${what}: 403, imds is switched off for this instance`, { hint });
  }
  if (status > 200 && status < 300)
    return transientError(`${status} is no answer`, { endsAs: "DATAERR" });
  const means = status >= 300 && status < 400 ? "a redirect: this is not imds" : "a refusal";
  throw new Failure("DATAERR", `${what}: ${status}, ${means}`);
}

/** Trouble, with the common case filled in. */
export function transientError(
  reason: string,
  options: Partial<Omit<TransientError, "reason">> = {},
): Extract<Answer, { kind: "error" }> {
  const defaults = { endsAs: "UNAVAILABLE", retryAfterMs: null, cause: "service" } as const;
  return {
    kind: "error",
    error: { reason, isCutByDeadline: false, ...defaults, ...options },
  };
}

function describeStatus(status: number): string {
  if (isThrottling(status)) return "throttled";
  return status === 408 ? "timed out" : "trouble at imds";
}

function isThrottling(status: number): boolean {
  return status === 429 || status === 503;
}

/** Seconds, or a date (RFC 9110 §10.2.3); what is neither is ignored. */
function parseRetryAfter(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? null : Math.max(0, dateMs - nowMs);
}
