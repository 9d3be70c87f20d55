import type { Host } from "../../host/host.ts";
import { Failure } from "../../exit.ts";
import { describeMs } from "../../model/text.ts";
import type { Answer, Trouble } from "./answer.ts";
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
  readonly sooner?: (stop: AbortSignal) => Promise<void>;
}

/** In less than this, a try has no chance; a wait takes at most half of what is left. */
const leastTryMs = 50;

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
  let earlier: Trouble | null = null;
  let failed = 0;
  host.log.waiting({ what, reason: "no answer yet", tries: 1, deadlineMs });
  for (let tries = 1; ; tries += 1) {
    const answer = await attempt();
    const isAnswered = answer.kind === "value" || (answer.kind === "absent" && !limits.awaitAbsent);
    const trouble: Trouble = answer.kind === "trouble" ? answer.trouble : notYet;
    if (answer.kind === "trouble") failed += 1;
    const delayMs = isAnswered ? null : nextDelay(host.clock, limits, { tries, failed, trouble });
    if (delayMs === null) {
      host.log.waiting(null);
      if (answer.kind === "value") return answer.body;
      if (answer.kind === "absent") return null;
      const spent = `${tries === 1 ? "1 try" : `${tries} tries`} in ${describeMs(host.clock.now() - startMs)}`;
      // a last try that the deadline cut says less than the one before it
      const told = trouble.isCutByDeadline && earlier !== null ? earlier : trouble;
      if (told === notYet) return null;
      throw new Failure(told.endsAs, `${what}: ${told.reason} (${spent})`, hintFor(told));
    }
    earlier = trouble;
    limits.onRetry();
    host.log.verbose(`${what}: ${trouble.reason}; trying again in ${describeMs(delayMs)}`);
    host.log.waiting({ what, reason: trouble.reason, tries, deadlineMs });
    await pause(host, delayMs, trouble.suspect === "path" ? limits.sooner : undefined);
  }
}

async function pause(
  host: Pick<Host, "clock" | "signal">,
  delayMs: number,
  sooner: RetryLimits["sooner"],
): Promise<void> {
  if (sooner === undefined) return host.clock.sleep(delayMs, host.signal);
  const over = new AbortController();
  const stop = AbortSignal.any([host.signal, over.signal]);
  try {
    await Promise.race([host.clock.sleep(delayMs, stop), sooner(stop)]);
  } finally {
    over.abort(new Error("the wait is over"));
  }
}

const notYet: Trouble = {
  reason: "404, not there yet",
  endsAs: "UNAVAILABLE",
  retryAfterMs: null,
  suspect: "service",
  isCutByDeadline: false,
};

interface Round {
  readonly tries: number;
  /** How many of them failed: a 404 that is waited for did not. */
  readonly failed: number;
  readonly trouble: Trouble;
}

/** Milliseconds to wait before the next try; null where there is none. */
function nextDelay(
  clock: Host["clock"],
  limits: RetryLimits,
  { tries, failed, trouble }: Round,
): number | null {
  if (failed > limits.retries) return null;
  const leftMs = limits.deadlineMs - clock.now();
  if (leftMs < 2 * leastTryMs) return null;
  const delayMs = Math.min(backOffMs(clock, tries), leftMs / 2); // room for a try after it
  if (trouble.retryAfterMs === null) return delayMs;
  // a promise that lies behind the deadline is no reason to sit there and wait for it
  return trouble.retryAfterMs >= leftMs ? null : Math.max(delayMs, trouble.retryAfterMs);
}

function hintFor(trouble: Trouble): { readonly hint?: string } {
  if (trouble.retryAfterMs !== null) {
    return {
      hint: `it asks to wait ${describeMs(trouble.retryAfterMs)}: a longer --timeout would`,
    };
  }
  if (trouble.suspect !== "path") return {};
  return { hint: "what each nic says: ec2nic probe-nics" };
}
