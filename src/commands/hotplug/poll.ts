import { describePending, pendingReason } from "../../eni/propagation/describe.ts";
import type { EniEvent } from "../../eni/propagation/eni-progress.ts";
import {
  followUpRequests,
  nextAwaitedRequest,
  nextCheckRequest,
} from "../../eni/propagation/next-requests.ts";
import { isSameContent } from "../../eni/propagation/observations.ts";
import {
  checkIntervalMs,
  errorPauseMs,
  pollIntervalMs,
} from "../../eni/propagation/poll-interval.ts";
import { type EniRequest, isErrorObservation, requestKey } from "../../eni/propagation/request.ts";
import {
  applyObservations,
  finishPoll,
  finishWatch,
  isOutOfRetries,
  newWatchState,
  pendingEnis,
  toPendingEni,
  updateWatched,
  type WatchOptions,
  type WatchState,
} from "../../eni/propagation/watch-state.ts";
import type { Host } from "../../host/host.ts";
import { observe } from "../../imds/metadata/ask-eni.ts";
import type { ImdsSession } from "../../imds/session.ts";

type WatchHost = Pick<Host, "clock" | "log" | "signal">;
type WatchSession = Pick<ImdsSession, "tryGet" | "deadlineMs" | "retries">;

/** Events are held back for up to this time, so that later events can be activated with them. */
const maxHoldMs = 500;
/**
 * With less time before the deadline, no poll starts. It could not acquire a token in time, and
 * this failure would hide the real reason.
 */
const minPollMs = 100;

/**
 * Polls IMDS for ENIs and yields events as soon as metadata is known. Ends when no ENI is wanted
 * any more, or at the session's deadline. The events of one yield can be activated together; no
 * request is sent meanwhile. A later event never takes metadata back. Throws `CONFIG` if IMDS
 * refuses for good, or the last transient error (`UNAVAILABLE`, `DATAERR`) if it never answered.
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
      // also ends if IMDS asks (`Retry-After`) for a pause that is longer than the remaining time
      if (leftMs - pauseMs < minPollMs || isOutOfRetries(state, session.retries)) {
        yield finishWatch(state, options, host.clock.now());
        return;
      }
      const pending = pendingEnis(state);
      const what = describePending(pending, options.nameOf);
      const reason = pendingReason(pending, state.lastObservations, options.settleMs);
      host.log.verbose(`${what}: ${reason}; looking again in ${Math.round(pauseMs)} ms`);
      host.log.waiting({ what, reason, tries: polls, deadlineMs: session.deadlineMs });
      await host.clock.sleep(pauseMs, host.signal);
    }
  } finally {
    host.log.waiting(null);
  }
}

/**
 * Sends one or two requests, and then at once the requests that their answers suggest. Holds events
 * back for a moment while other ENIs are almost usable. Otherwise, 16 NICs would be activated one
 * by one when IMDS limits the rate, because no request is sent during an activation (seconds).
 */
async function* poll(
  host: WatchHost,
  session: WatchSession,
  options: WatchOptions,
  initial: WatchState,
): AsyncGenerator<readonly EniEvent[], WatchState, void> {
  const first = firstRequests(initial, host.clock.now());
  let state: WatchState = { ...initial, lastCheckMs: first.checkedMs, lastObservations: [] };
  let { requests } = first;
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

/** How long events are held back: not at all if every pending ENI is usable. */
function holdTimeMs(state: WatchState): number {
  return pendingEnis(state).some(({ lastEmitted }) => lastEmitted === null) ? maxHoldMs : 0;
}

/** The most urgent request and, once per `checkIntervalMs`, one that checks a known value. */
function firstRequests(
  { knowledge, enis, lastRequestMs, lastCheckMs, failedPolls }: WatchState,
  nowMs: number,
): { readonly requests: readonly EniRequest[]; readonly checkedMs: number } {
  const pending = enis.flatMap(toPendingEni);
  const awaited = nextAwaitedRequest(knowledge, pending, lastRequestMs);
  if (awaited === null) return { requests: [], checkedMs: lastCheckMs };
  const isDue = failedPolls === 0 && nowMs - lastCheckMs >= checkIntervalMs;
  if (!isDue) return { requests: [awaited], checkedMs: lastCheckMs };
  const sent = { ...lastRequestMs, [requestKey(awaited)]: nowMs };
  const check = nextCheckRequest(knowledge, pending, sent);
  const isDifferent = check !== null && requestKey(check) !== requestKey(awaited);
  return { requests: isDifferent ? [awaited, check] : [awaited], checkedMs: nowMs };
}

/**
 * The requests that new answers suggest; none is sent twice in a poll. After an event of one ENI,
 * they are for all ENIs, because metadata of NICs that were plugged in together often arrives
 * together. Otherwise, 16 NICs would take 4 s.
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
