import type { Host } from "../../host/host.ts";
import { isSameContent } from "../../eni/propagation/observations.ts";
import { isErrorObservation, requestKey, type EniRequest } from "../../eni/propagation/request.ts";
import { observe } from "../../imds/metadata/ask-eni.ts";
import {
  nextCheckRequest,
  followUpRequests,
  nextAwaitedRequest,
} from "../../eni/propagation/next-requests.ts";
import type { ImdsSession } from "../../imds/session.ts";
import {
  checkIntervalMs,
  pollIntervalMs,
  errorPauseMs,
} from "../../eni/propagation/poll-interval.ts";
import {
  finishWatch,
  finishPoll,
  isOutOfRetries,
  newWatchState,
  applyObservations,
  type WatchState,
  type WatchOptions,
  updateWatched,
  toPendingEni,
  pendingEnis,
} from "../../eni/propagation/watch-state.ts";
import { pendingReason, describePending } from "../../eni/propagation/describe.ts";
import type { EniEvent } from "../../eni/propagation/eni-progress.ts";

type WatchHost = Pick<Host, "clock" | "log" | "signal">;
type WatchSession = Pick<ImdsSession, "tryGet" | "deadlineMs" | "retries">;

/** For so long is news kept back for more. */
const maxHoldMs = 500;
/**
 * In less than this before the deadline, another poll has no chance; no token is tried for any more
 * by then, and the word that its tries ended with is that of the whole run.
 */
const minPollMs = 100;

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
    let state = newWatchState(host.clock.now());
    for (let polls = 1; ; polls += 1) {
      state = updateWatched(state, await options.macs(), host.clock.now());
      if (state.enis.length === 0) return;
      const pollStartMs = host.clock.now();
      state = yield* poll(host, session, options, state);
      if (pendingEnis(state).length === 0) continue;
      const pauseMs = pauseAfterPoll(host.clock, state, { pollStartMs, polls });
      const leftMs = session.deadlineMs - host.clock.now();
      // a promise to answer behind the deadline is no reason to sit there and wait for it
      if (leftMs - pauseMs < minPollMs || isOutOfRetries(state, session.retries)) {
        yield finishWatch(state, options, host.clock.now());
        return;
      }
      const pending = pendingEnis(state);
      const [what, reason] = [
        describePending(pending, options.nameOf),
        pendingReason(pending, state.lastObservations, options.settleMs),
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
  initial: WatchState,
): AsyncGenerator<readonly EniEvent[], WatchState, void> {
  const { questions: first, checkedMs: lastCheckMs } = firstRequests(initial, host.clock.now());
  let state: WatchState = { ...initial, lastCheckMs, lastObservations: [] };
  let requests = first;
  let heldEvents: readonly EniEvent[] = [];
  let holdUntilMs = Infinity;
  while (requests.length > 0) {
    const observations = await Promise.all(requests.map((request) => observe(session, request)));
    const previous = state;
    const { events, ...after } = applyObservations(state, observations, options, host.clock.now());
    state = after;
    requests = observations.some(isErrorObservation) ? [] : nextRequests(previous, state, events);
    heldEvents = [...heldEvents, ...events];
    const nowMs = host.clock.now();
    if (events.length > 0) holdUntilMs = Math.min(holdUntilMs, nowMs + holdTimeMs(state));
    if (heldEvents.length === 0 || (requests.length > 0 && nowMs < holdUntilMs)) continue;
    yield heldEvents;
    [heldEvents, holdUntilMs] = [[], Infinity];
  }
  return finishPoll(state, initial);
}

/** Who is alone waits for nobody. */
function holdTimeMs(state: WatchState): number {
  return pendingEnis(state).some(({ lastEmitted }) => lastEmitted === null) ? maxHoldMs : 0;
}

function firstRequests(
  { knowledge, enis, lastRequestMs, lastCheckMs, failedPolls }: WatchState,
  nowMs: number,
): { readonly questions: readonly EniRequest[]; readonly checkedMs: number } {
  const pending = enis.flatMap(toPendingEni);
  const awaitedRequest = nextAwaitedRequest(knowledge, pending, lastRequestMs);
  if (awaitedRequest === null) return { questions: [], checkedMs: lastCheckMs };
  const isDue = failedPolls === 0 && nowMs - lastCheckMs >= checkIntervalMs;
  if (!isDue) return { questions: [awaitedRequest], checkedMs: lastCheckMs };
  const sent = { ...lastRequestMs, [requestKey(awaitedRequest)]: nowMs };
  const checkRequest = nextCheckRequest(knowledge, pending, sent);
  const isDifferent =
    checkRequest !== null && requestKey(checkRequest) !== requestKey(awaitedRequest);
  return {
    questions: isDifferent ? [awaitedRequest, checkRequest] : [awaitedRequest],
    checkedMs: nowMs,
  };
}

/**
 * Nothing is asked twice in a poll. What has come for one NIC has often come for all that were
 * plugged in with it: 16 would have to wait 4 s for their turns.
 */
function nextRequests(
  previous: WatchState,
  { knowledge, enis, lastObservations }: WatchState,
  events: readonly EniEvent[],
): readonly EniRequest[] {
  const isForAll = events.some(({ kind }) => kind !== "settled");
  const sent = new Set(lastObservations.map(({ request }) => requestKey(request)));
  const hasChanged = (mac: string): boolean => {
    const [oldState, newState] = [previous.knowledge.observed[mac], knowledge.observed[mac]];
    return (
      isForAll ||
      (oldState !== undefined && newState !== undefined && !isSameContent(oldState, newState))
    );
  };
  return followUpRequests(knowledge, enis.flatMap(toPendingEni), hasChanged).filter(
    (request) => !sent.has(requestKey(request)),
  );
}

function pauseAfterPoll(
  clock: Host["clock"],
  { knowledge, failedPolls, lastObservations }: WatchState,
  { pollStartMs, polls }: { readonly pollStartMs: number; readonly polls: number },
): number {
  const lastChangeMs = Math.max(
    ...Object.values(knowledge.observed).map((memory) => memory.changedMs),
  );
  const nextPollMs = pollStartMs + pollIntervalMs(pollStartMs - lastChangeMs, polls);
  return Math.max(0, nextPollMs - clock.now(), errorPauseMs(clock, failedPolls, lastObservations));
}
