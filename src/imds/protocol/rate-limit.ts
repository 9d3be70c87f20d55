import type { Host } from "../../host/host.ts";
import type { Answer } from "./answer.ts";

/**
 * IMDS has a share of the 1,024 packets a second that an ENI may send to link-local services, and
 * drops what is beyond: this leaves most of it to others.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
const mostInOneSecond = 100;

/** Throttled after fewer answers than this: that is trouble, which tells nothing about a rate. */
const fewestThatTell = 10;

const secondMs = 1000;

type Paced = (work: () => Promise<Answer>) => Promise<Answer>;

interface Ended {
  readonly atMs: number;
  readonly isThrottled: boolean;
}

/**
 * Lets no second see more than 100 requests, nor, once the service has throttled, more than it
 * answered in the second before. Counted from the end of each: when the service saw it is unknown,
 * but it was earlier. Throws the reason of `Host.signal`.
 */
export function pacer({ clock, signal }: Pick<Host, "clock" | "signal">): Paced {
  let most = mostInOneSecond;
  let running = 0;
  let ended: readonly Ended[] = [];
  const lastSecond = (): readonly Ended[] => {
    ended = ended.filter(({ atMs }) => atMs > clock.now() - secondMs);
    return ended;
  };
  return async (work) => {
    while (running + lastSecond().length >= most) {
      const [oldest = { atMs: clock.now() }] = ended;
      await clock.sleep(Math.max(1, oldest.atMs + secondMs - clock.now()), signal);
    }
    running += 1;
    let isThrottled = false;
    try {
      const answer = await work();
      isThrottled = answer.kind === "trouble" && answer.trouble.suspect === "rate";
      return answer;
    } finally {
      running -= 1;
      const answered = lastSecond().filter((each) => !each.isThrottled).length;
      if (isThrottled && answered >= fewestThatTell) most = Math.min(most, answered);
      ended = [...ended, { atMs: clock.now(), isThrottled }];
    }
  };
}

type InTurn = <T>(work: () => Promise<T>, urgency?: Urgency) => Promise<T>;

/** `first`: more work hangs on it than on the rest. */
export type Urgency = "first" | "later";

/**
 * Lets at most `most` pieces of work run at once; the others wait in the order they came, the
 * first before the later ones. IMDS limits simultaneous connections, and fetch opens one for each
 * request in flight.
 */
export function limiter(most: number): InTurn {
  let running = 0;
  const waiting: Readonly<Record<Urgency, (() => void)[]>> = { first: [], later: [] };
  return async (work, urgency = "later") => {
    if (running < most) running += 1;
    else await new Promise<void>((resolve) => waiting[urgency].push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.first.shift() ?? waiting.later.shift();
      if (next === undefined) running -= 1;
      else next(); // the place is handed on, not given back
    }
  };
}
