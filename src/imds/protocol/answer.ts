import { Failure } from "../../exit.ts";

/** The result of one try. A final error is not an `Answer`, because it is thrown as a `Failure`. */
export type Answer =
  | { readonly kind: "value"; readonly body: Uint8Array }
  | { readonly kind: "absent" }
  | { readonly kind: "error"; readonly error: TransientError };

/** An error after which another try can succeed. */
export interface TransientError {
  readonly reason: string;
  /** The kind of the `Failure` that is thrown if no further try follows. */
  readonly endsAs: TransientKind;
  /** The time in the header `Retry-After`; null if there is no such header. */
  readonly retryAfterMs: number | null;
  /** What can help: a new token, another path, fewer requests, or (`service`) only time. */
  readonly cause: "token" | "path" | "rate" | "service";
  /** True if the try had less time than usual and ended because of the run's deadline. */
  readonly isCutByDeadline: boolean;
}

const transientKinds = ["UNAVAILABLE", "DATAERR"] as const;
type TransientKind = (typeof transientKinds)[number];

/** Whether the error is a `Failure` after transient errors, so that a later request can succeed. */
export function isTransientFailure(error: unknown): error is Failure {
  return error instanceof Failure && transientKinds.some((kind) => kind === error.kind);
}

export interface AnswerHead {
  readonly status: number;
  readonly headers: Pick<Headers, "get">;
}

/**
 * The answer for an HTTP status; null for 200, because the body then decides. Throws `CONFIG` for
 * 403, and `DATAERR` for a redirect and every other refusal.
 */
export function classifyStatus(
  what: string,
  { status, headers }: AnswerHead,
  nowMs: number,
): Exclude<Answer, { kind: "value" }> | null {
  if (status === 200) return null;
  if (status === 404) return { kind: "absent" };
  if (status === 401) return transientError("401, the token was not accepted", { cause: "token" });
  if (status === 408 || status === 429 || status >= 500) {
    const retryAfterMs = parseRetryAfter(headers.get("retry-after"), nowMs);
    const cause = isThrottling(status) ? "rate" : "service";
    return transientError(`${status}, ${describeStatus(status)}`, { retryAfterMs, cause });
  }
  if (status === 403) throw refusalFailure(what, headers);
  if (status > 200 && status < 300) return notAnAnswer(`${status} is not a status of IMDS`);
  const means = status >= 300 && status < 400 ? "a redirect, so this is not IMDS" : "a refusal";
  throw new Failure("DATAERR", `${what}: ${status}, ${means}`);
}

/**
 * The failure for a 403. IMDS refuses all requests if it is switched off, and each request that a
 * proxy has marked with `X-Forwarded-For` (kube2iam #270). A proxy can add nothing to the answer, so
 * that only the first of the two causes is known to be wrong: IMDS has issued a token.
 */
function refusalFailure(what: string, headers: Pick<Headers, "get">): Failure {
  const [via, server] = [headers.get("via"), headers.get("server")];
  const sign = via === null ? { name: "Server", value: server } : { name: "Via", value: via };
  const proxyHint = "remove the proxy: IMDS refuses requests with X-Forwarded-For";
  if (via !== null || (server !== null && !server.startsWith("EC2ws"))) {
    const shown = `${sign.name}: ${(sign.value ?? "").slice(0, 40)}`;
    return new Failure("CONFIG", `${what}: 403 through a proxy (${shown})`, { hint: proxyHint });
  }
  if (!what.startsWith("PUT ")) {
    const reason = "403, IMDS refuses this request, although it has issued a token";
    const hint = `if a proxy (kube2iam, kiam) is between this machine and IMDS, ${proxyHint}`;
    return new Failure("CONFIG", `${what}: ${reason}`, { hint });
  }
  const reason = "403, IMDS is switched off for this instance, or a proxy is in between";
  const hint =
    "aws ec2 modify-instance-metadata-options --http-endpoint enabled --instance-id INSTANCE";
  return new Failure("CONFIG", `${what}: ${reason}`, { hint });
}

/** A transient error. By default its cause is the service, and there is no `Retry-After`. */
export function transientError(
  reason: string,
  options: Partial<Omit<TransientError, "reason">> = {},
): Extract<Answer, { kind: "error" }> {
  const defaults = { endsAs: "UNAVAILABLE", retryAfterMs: null, cause: "service" } as const;
  return { kind: "error", error: { reason, isCutByDeadline: false, ...defaults, ...options } };
}

/** The transient error for an answer that is not metadata. */
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

/** Parses seconds or a date (RFC 9110 §10.2.3); returns null for anything else. */
function parseRetryAfter(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? null : Math.max(0, dateMs - nowMs);
}
