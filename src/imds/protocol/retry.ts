import type { Host } from "../../host/host.ts";
import { Failure } from "../../exit.ts";
import { formatMs } from "../../model/text.ts";
import { type Answer, type TransientError, transientError } from "./answer.ts";
import { backOffMs } from "../../model/retry-delay.ts";

export interface RetryLimits {
  /** On `Clock.now`. */
  readonly deadlineMs: number;
  readonly retries: number;
  /** A 404 is retried, too (`--wait`). */
  readonly awaitAbsent: boolean;
  /** Called before each retry. */
  readonly onRetry: () => void;
  /** Resolves when another path has come up: after an error of a path, the delay ends then. */
  readonly untilNewPath?: (stop: AbortSignal) => Promise<void>;
  /** What to say instead of `what` if no path worked. */
  readonly unreached?: string;
}

/** A shorter try cannot succeed; a delay takes at most half of the time that is left. */
const minTryMs = 50;

/**
 * Tries until there is an answer: the value, or null for a 404. The delays are those of `backOffMs`
 * or of `Retry-After`, and end before the deadline.
 * Throws what `attempt` throws, and `UNAVAILABLE` or `DATAERR` when time or retries are used up.
 */
export async function retry(
  host: Pick<Host, "clock" | "log" | "signal">,
  what: string,
  limits: RetryLimits,
  attempt: () => Promise<Answer>,
): Promise<Uint8Array | null> {
  const startMs = host.clock.now();
  const { deadlineMs } = limits;
  let previousError: TransientError | null = null;
  let failed = 0;
  host.log.waiting({ what, reason: "no answer yet", tries: 1, deadlineMs });
  for (let tries = 1; ; tries += 1) {
    const answer = await attempt();
    const isAnswered = answer.kind === "value" || (answer.kind === "absent" && !limits.awaitAbsent);
    const error: TransientError = answer.kind === "error" ? answer.error : absentError;
    if (answer.kind === "error") failed += 1;
    const delayMs = isAnswered ? null : nextDelayMs(host.clock, limits, { tries, failed, error });
    if (delayMs === null) {
      host.log.waiting(null);
      if (answer.kind === "value") return answer.body;
      if (answer.kind === "absent") return null;
      // a last try that the deadline cut short says less than the one before it
      const reported = error.isCutByDeadline && previousError !== null ? previousError : error;
      if (reported === absentError) return null;
      const spent = `${tries === 1 ? "1 try" : `${tries} tries`} in ${formatMs(host.clock.now() - startMs)}`;
      const subject = reported.cause === "path" ? (limits.unreached ?? what) : what;
      const message = `${subject}: ${reported.reason} (${spent})`;
      throw new Failure(reported.endsAs, message, retryHint(reported));
    }
    previousError = error;
    limits.onRetry();
    host.log.verbose(`${what}: ${error.reason}; trying again in ${formatMs(delayMs)}`);
    host.log.waiting({ what, reason: error.reason, tries, deadlineMs });
    await waitBeforeRetry(host, delayMs, error.cause === "path" ? limits.untilNewPath : undefined);
  }
}

async function waitBeforeRetry(
  host: Pick<Host, "clock" | "signal">,
  delayMs: number,
  untilNewPath: RetryLimits["untilNewPath"],
): Promise<void> {
  if (untilNewPath === undefined) return host.clock.sleep(delayMs, host.signal);
  const waitAbort = new AbortController();
  const stop = AbortSignal.any([host.signal, waitAbort.signal]);
  try {
    await Promise.race([host.clock.sleep(delayMs, stop), untilNewPath(stop)]);
  } finally {
    waitAbort.abort(new Error("the wait is over"));
  }
}

const absentError: TransientError = transientError("404, not there yet").error;

interface RetryState {
  readonly tries: number;
  /** How many of them were errors: an awaited 404 is none. */
  readonly failed: number;
  readonly error: TransientError;
}

/** Milliseconds to wait before the next try; null: there is none. */
function nextDelayMs(
  clock: Host["clock"],
  limits: RetryLimits,
  { tries, failed, error }: RetryState,
): number | null {
  if (failed > limits.retries) return null;
  const leftMs = limits.deadlineMs - clock.now();
  if (leftMs < 2 * minTryMs) return null;
  const delayMs = Math.min(backOffMs(clock, tries), leftMs / 2); // room for a try after it
  if (error.retryAfterMs === null) return delayMs;
  // the service would not answer before the deadline
  return error.retryAfterMs >= leftMs ? null : Math.max(delayMs, error.retryAfterMs);
}

function retryHint(error: TransientError): { readonly hint?: string } {
  const { retryAfterMs, cause } = error;
  if (retryAfterMs !== null) {
    const pause = formatMs(retryAfterMs);
    return { hint: `IMDS asks for a pause of ${pause} (Retry-After): use a longer --timeout` };
  }
  return cause === "path" ? { hint: "to see why: ec2nic probe-nics" } : {};
}
