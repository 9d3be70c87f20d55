import type { Host } from "../../host/host.ts";
import type { Answer } from "./answer.ts";

/**
 * An ENI can send 1,024 packets a second to link-local services; packets beyond that are dropped.
 * This limit leaves most of them to other programs.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
const maxPerSecond = 100;

/** With fewer answers in a second, throttling says nothing about the rate that IMDS allows. */
const minAnswersToAdapt = 10;

const secondMs = 1000;

type RateLimiter = (send: () => Promise<Answer>) => Promise<Answer>;

type FinishedRequest = { readonly atMs: number; readonly isThrottled: boolean };

/**
 * Allows at most 100 requests in any second. After the service has throttled, it allows only as
 * many as the service answered in the second before. A request counts from its end, because the
 * service received it earlier, at an unknown time. Throws the reason of `Host.signal`.
 */
export function createRateLimiter({ clock, signal }: Pick<Host, "clock" | "signal">): RateLimiter {
  let limit = maxPerSecond;
  let running = 0;
  let finished: readonly FinishedRequest[] = [];
  const finishedInLastSecond = (): readonly FinishedRequest[] => {
    finished = finished.filter(({ atMs }) => atMs > clock.now() - secondMs);
    return finished;
  };
  return async (send) => {
    while (running + finishedInLastSecond().length >= limit) {
      const [oldest = { atMs: clock.now() }] = finished;
      await clock.sleep(Math.max(1, oldest.atMs + secondMs - clock.now()), signal);
    }
    running += 1;
    let isThrottled = false;
    try {
      const answer = await send();
      isThrottled = answer.kind === "error" && answer.error.cause === "rate";
      return answer;
    } finally {
      running -= 1;
      const answered = finishedInLastSecond().filter((each) => !each.isThrottled).length;
      if (isThrottled && answered >= minAnswersToAdapt) limit = Math.min(limit, answered);
      finished = [...finished, { atMs: clock.now(), isThrottled }];
    }
  };
}

type Semaphore = <T>(task: () => Promise<T>, priority?: Priority) => Promise<T>;

/** `high` is for a listing, because further requests depend on its answer. */
type Priority = "high" | "low";

/**
 * Runs at most `maxRunning` tasks at the same time. The other tasks wait in their order, those of
 * high priority first. IMDS limits connections, and fetch opens one for each request in flight.
 */
export function createSemaphore(maxRunning: number): Semaphore {
  let running = 0;
  const waiting: Readonly<Record<Priority, (() => void)[]>> = { high: [], low: [] };
  return async (task, priority = "low") => {
    if (running < maxRunning) running += 1;
    else await new Promise<void>((resolve) => waiting[priority].push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.high.shift() ?? waiting.low.shift();
      if (next === undefined) running -= 1;
      else next(); // `running` stays the same: the next task replaces this one
    }
  };
}
