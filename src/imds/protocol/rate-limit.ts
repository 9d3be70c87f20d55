import type { Host } from "../../host/host.ts";
import type { Answer } from "./answer.ts";

/**
 * IMDS has a share of the 1,024 packets a second that an ENI may send to link-local services, and
 * drops what is beyond: this leaves most of it to others.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
const maxPerSecond = 100;

/** Throttled after fewer answers than this: that is trouble, which tells nothing about a rate. */
const minAnswersToAdapt = 10;

const secondMs = 1000;

type RateLimiter = (send: () => Promise<Answer>) => Promise<Answer>;

interface FinishedRequest {
  readonly atMs: number;
  readonly isThrottled: boolean;
}

/**
 * Lets no second see more than 100 requests, nor, once the service has throttled, more than it
 * answered in the second before. Counted from the end of each: when the service saw it is unknown,
 * but it was earlier. Throws the reason of `Host.signal`.
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

/** `first`: more work hangs on it than on the rest. */
export type Priority = "first" | "later";

/**
 * Lets at most `most` pieces of work run at once; the others wait in the order they came, the
 * first before the later ones. IMDS limits simultaneous connections, and fetch opens one for each
 * request in flight.
 */
export function createSemaphore(maxRunning: number): Semaphore {
  let running = 0;
  const waiting: Readonly<Record<Priority, (() => void)[]>> = { first: [], later: [] };
  return async (task, priority = "later") => {
    if (running < maxRunning) running += 1;
    else await new Promise<void>((resolve) => waiting[priority].push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.first.shift() ?? waiting.later.shift();
      if (next === undefined) running -= 1;
      else next(); // the place is handed on, not given back
    }
  };
}
