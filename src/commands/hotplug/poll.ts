import type { Host } from "../../host/host.ts";
import { isSame } from "../../eni/propagation/memory.ts";
import { isTrouble, nameOfQuestion, type Question } from "../../eni/propagation/request.ts";
import { hear } from "../../imds/metadata/ask-eni.ts";
import { checkingQuestion, followUps, pacedQuestion } from "../../eni/propagation/next-requests.ts";
import type { ImdsSession } from "../../imds/session.ts";
import { checkEveryMs, pollMs, reliefMs } from "../../eni/propagation/pace.ts";
import {
  endOf,
  endPoll,
  isSpent,
  newWatch,
  takeIn,
  type Watch,
  type WatchOptions,
  wantedOnly,
  waiterOf,
  waitersOf,
} from "../../eni/propagation/state.ts";
import { reasonOf, whoWaits } from "../../eni/propagation/describe.ts";
import type { EniEvent } from "../../eni/propagation/nic.ts";

type WatchHost = Pick<Host, "clock" | "log" | "signal">;
type WatchSession = Pick<ImdsSession, "look" | "deadlineMs" | "retries">;

/** For so long is news kept back for more. */
const holdMs = 500;
/**
 * In less than this before the deadline, another poll has no chance; no token is tried for any more
 * by then, and the word that its tries ended with is that of the whole run.
 */
const leastPollMs = 100;

/**
 * Watches ENIs come: what becomes known, the moment it does, until none is wanted any more or the
 * session's time is over. What is told together was heard together: one activation can do it. While
 * the caller works on it, nothing is asked. Never takes back what was known. Throws final refusals
 * (`CONFIG`), and where IMDS never gave an answer, the last trouble (`UNAVAILABLE`, `DATAERR`).
 */
export async function* watchEnis(
  host: WatchHost,
  session: WatchSession,
  options: WatchOptions,
): AsyncGenerator<readonly EniEvent[], void, void> {
  try {
    let watch = newWatch(host.clock.now());
    for (let polls = 1; ; polls += 1) {
      watch = wantedOnly(watch, await options.macs(), host.clock.now());
      if (watch.enis.length === 0) return;
      const pollStartMs = host.clock.now();
      watch = yield* poll(host, session, options, watch);
      if (waitersOf(watch).length === 0) continue;
      const pauseMs = pauseAfter(host.clock, watch, { pollStartMs, polls });
      const leftMs = session.deadlineMs - host.clock.now();
      // a promise to answer behind the deadline is no reason to sit there and wait for it
      if (leftMs - pauseMs < leastPollMs || isSpent(watch, session.retries)) {
        yield endOf(watch, options, host.clock.now());
        return;
      }
      const waiters = waitersOf(watch);
      const [what, reason] = [
        whoWaits(waiters, options.nameOf),
        reasonOf(waiters, watch.heard, options.settleMs),
      ];
      host.log.verbose(`${what}: ${reason}; looking again in ${Math.round(pauseMs)} ms`);
      host.log.waiting({ what, reason, tries: polls, deadlineMs: session.deadlineMs });
      await host.clock.sleep(pauseMs, host.signal);
    }
  } finally {
    host.log.waiting(null);
  }
}

/**
 * One poll: a question or two, and at once whatever the answers have made worth asking. What is told
 * is activated, in seconds in which nothing is asked: while others are about to be usable, too, it
 * waits a moment for them. Where IMDS throttles, sixteen NICs would come one by one otherwise.
 */
async function* poll(
  host: WatchHost,
  session: WatchSession,
  options: WatchOptions,
  from: Watch,
): AsyncGenerator<readonly EniEvent[], Watch, void> {
  const { questions: first, checkedMs } = firstQuestions(from, host.clock.now());
  let watch: Watch = { ...from, checkedMs, heard: [] };
  let questions = first;
  let held: readonly EniEvent[] = [];
  let holdUntilMs = Infinity;
  while (questions.length > 0) {
    const wave = await Promise.all(questions.map((question) => hear(session, question)));
    const before = watch;
    const { events, ...after } = takeIn(watch, wave, options, host.clock.now());
    watch = after;
    questions = wave.some(isTrouble) ? [] : nextQuestions(before, watch, events);
    held = [...held, ...events];
    const nowMs = host.clock.now();
    if (events.length > 0) holdUntilMs = Math.min(holdUntilMs, nowMs + mayHoldMs(watch));
    if (held.length === 0 || (questions.length > 0 && nowMs < holdUntilMs)) continue;
    yield held;
    [held, holdUntilMs] = [[], Infinity];
  }
  return endPoll(watch, from);
}

/** Who is alone waits for nobody. */
function mayHoldMs(watch: Watch): number {
  return waitersOf(watch).some(({ told }) => told === null) ? holdMs : 0;
}

function firstQuestions(
  { knowledge, enis, askedMs, checkedMs, failed }: Watch,
  nowMs: number,
): { readonly questions: readonly Question[]; readonly checkedMs: number } {
  const waiters = enis.flatMap(waiterOf);
  const paced = pacedQuestion(knowledge, waiters, askedMs);
  if (paced === null) return { questions: [], checkedMs };
  const isDue = failed === 0 && nowMs - checkedMs >= checkEveryMs;
  if (!isDue) return { questions: [paced], checkedMs };
  const asked = { ...askedMs, [nameOfQuestion(paced)]: nowMs };
  const check = checkingQuestion(knowledge, waiters, asked);
  const isOther = check !== null && nameOfQuestion(check) !== nameOfQuestion(paced);
  return { questions: isOther ? [paced, check] : [paced], checkedMs: nowMs };
}

/**
 * Nothing is asked twice in a poll. What has come for one NIC has often come for all that were
 * plugged in with it: 16 would have to wait 4 s for their turns.
 */
function nextQuestions(
  before: Watch,
  { knowledge, enis, heard }: Watch,
  events: readonly EniEvent[],
): readonly Question[] {
  const isForAll = events.some(({ kind }) => kind !== "settled");
  const asked = new Set(heard.map(({ question }) => nameOfQuestion(question)));
  const hasNews = (mac: string): boolean => {
    const [old, now] = [before.knowledge.memories[mac], knowledge.memories[mac]];
    return isForAll || (old !== undefined && now !== undefined && !isSame(old, now));
  };
  return followUps(knowledge, enis.flatMap(waiterOf), hasNews).filter(
    (question) => !asked.has(nameOfQuestion(question)),
  );
}

function pauseAfter(
  clock: Host["clock"],
  { knowledge, failed, heard }: Watch,
  { pollStartMs, polls }: { readonly pollStartMs: number; readonly polls: number },
): number {
  const newsMs = Math.max(...Object.values(knowledge.memories).map((memory) => memory.changedMs));
  const nextMs = pollStartMs + pollMs(pollStartMs - newsMs, polls);
  return Math.max(0, nextMs - clock.now(), reliefMs(clock, failed, heard));
}
