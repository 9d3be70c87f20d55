import type { Host } from "../../host/host.ts";
import { Failure } from "../../exit.ts";
import { formatMs } from "../../model/text.ts";
import type { Answer, TransientError } from "./answer.ts";
import { backOffMs } from "../../model/back-off.ts";

export interface RetryLimits {
  /** On the clock of `Clock.now`. */
  readonly deadlineMs: number;
  readonly retries: number;
  /** A 404 is *not yet*, not *absent* (`--wait`). */
  readonly awaitAbsent: boolean;
  /** Told of each try that is made again. */
  readonly onRetry: () => void;
  /** Resolves when another way to the service has come up: then a wait for one ends early. */
  readonly untilNewPath?: (stop: AbortSignal) => Promise<void>;
}

/** In less than this, a try has no chance; a wait takes at most half of what is left. */
const minTryMs = 50;

/**
 * Tries until there is an answer: the value, or null for a 404. Delays grow from 200 ms by 2 up
 * to 5 s with full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter),
 * `Retry-After` is honoured, and no wait goes past the deadline.
 * Throws what `attempt` throws, and `UNAVAILABLE` or `DATAERR` when time or tries are used up.
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
      const spentText = `${tries === 1 ? "1 try" : `${tries} tries`} in ${formatMs(host.clock.now() - startMs)}`;
      // a last try that the deadline cut says less than the one before it
      const reported = error.isCutByDeadline && previousError !== null ? previousError : error;
      if (reported === absentError) return null;
      throw new Failure(
        reported.endsAs,
        `${what}: ${reported.reason} (${spentText})`,
        retryHint(reported),
      );
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

const absentError: TransientError = {
  reason: "404, not there yet",
  endsAs: "UNAVAILABLE",
  retryAfterMs: null,
  cause: "service",
  isCutByDeadline: false,
};

interface RetryState {
  readonly tries: number;
  /** How many of them failed: a 404 that is waited for did not. */
  readonly failed: number;
  readonly error: TransientError;
}

/** Milliseconds to wait before the next try; null where there is none. */
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
  // a promise that lies behind the deadline is no reason to sit there and wait for it
  return error.retryAfterMs >= leftMs ? null : Math.max(delayMs, error.retryAfterMs);
}

function retryHint(error: TransientError): { readonly hint?: string } {
  if (error.retryAfterMs !== null) {
    return {
      hint: `it asks to wait ${formatMs(error.retryAfterMs)}: a longer --timeout would`,
    };
  }
  if (error.cause !== "path") return {};
  return { hint: "what each nic says: ec2nic probe-nics" };
}
