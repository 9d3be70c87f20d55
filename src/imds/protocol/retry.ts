import type { Host } from "../../host/host.ts";
import { Failure } from "../../exit.ts";
import { formatMs } from "../../model/text.ts";
import { type Answer, type TransientError, transientError } from "./answer.ts";
import { backOffMs } from "../../model/retry-delay.ts";

export interface RetryLimits {
  /** A time on `Clock.now`. */
  readonly deadlineMs: number;
  readonly retries: number;
  /** Also retry a 404 (`--wait`). */
  readonly awaitAbsent: boolean;
  /** Called before each retry. */
  readonly onRetry: () => void;
  /** Resolves when there is a new path. After an error of a path, this ends the delay. */
  readonly untilNewPath?: (stop: AbortSignal) => Promise<void>;
  /** What to say instead of `what` if no path worked. */
  readonly unreached?: string;
}

/** A try with less time than this cannot succeed. */
const minTryMs = 50;

/**
 * Calls `attempt` until it returns a value, or null for a 404. The delays come from `backOffMs` or
 * from `Retry-After`, and leave time for one more try before the deadline.
 * Throws what `attempt` throws. When time or retries are used up, throws the `Failure` of the last
 * transient error: `DATAERR` if the answer was not metadata, else `UNAVAILABLE`.
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
      // if the deadline cut the last try short, the error before it says more
      const reported = error.isCutByDeadline && previousError !== null ? previousError : error;
      if (reported === absentError) return null;
      const elapsed = formatMs(host.clock.now() - startMs);
      const spent = `${tries} ${tries === 1 ? "try" : "tries"} in ${elapsed}`;
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
  /** The tries that ended in an error. An awaited 404 does not count. */
  readonly failed: number;
  readonly error: TransientError;
}

/** Milliseconds to wait before the next try; null if no further try follows. */
function nextDelayMs(
  clock: Host["clock"],
  limits: RetryLimits,
  { tries, failed, error }: RetryState,
): number | null {
  if (failed > limits.retries) return null;
  const leftMs = limits.deadlineMs - clock.now();
  if (leftMs < 2 * minTryMs) return null;
  const delayMs = Math.min(backOffMs(clock, tries), leftMs / 2); // leaves time for a try
  if (error.retryAfterMs === null) return delayMs;
  // the service would not answer before the deadline
  return error.retryAfterMs >= leftMs ? null : Math.max(delayMs, error.retryAfterMs);
}

function retryHint(error: TransientError): { readonly hint?: string } {
  const { retryAfterMs, cause } = error;
  if (retryAfterMs !== null) {
    const pause = formatMs(retryAfterMs);
    return { hint: `IMDS demands a pause of ${pause} (Retry-After), so use a longer --timeout` };
  }
  return cause === "path" ? { hint: "to see why: ec2nic probe-nics" } : {};
}
