import {
  type EniKnowledge,
  restrictKnowledge,
  applyObservation,
  parseObservedEnis,
  noKnowledge,
} from "./knowledge.ts";
import {
  type Observation,
  type ErrorObservation,
  isErrorObservation,
  requestKey,
} from "./request.ts";
import type { ClassifyTimes, KernelFacts } from "./eni-facts.ts";
import type { LastRequestMs, PendingEni } from "./next-requests.ts";
import { checkIntervalMs } from "./poll-interval.ts";
import {
  endIncomplete,
  type EniEvent,
  reclassify,
  newEniProgress,
  type EniProgress,
} from "./eni-progress.ts";
import type { OccupiedSlot } from "../../model/link.ts";

export interface WatchOptions {
  /**
   * Returns the canonical MACs to watch now, all in one session; called before each poll. A MAC
   * that is no longer returned is dropped without an event. If a MAC whose watch has ended is
   * returned again, it is watched from the beginning.
   */
  readonly macs: () => Promise<readonly string[]>;
  /** The NIC's name, for people; null if not known. */
  readonly nameOf: (mac: string) => string | null;
  /** An ENI is settled if unchanged for this time; with 0, as soon as it is usable. */
  readonly settleMs: number;
  /** What the kernel shows about a NIC; null if it was not read. Called after each answer. */
  readonly kernel: (mac: string) => KernelFacts | null;
  /** The slots of the present NICs; called after each answer. */
  readonly occupiedSlots: () => readonly OccupiedSlot[];
}

/** What a watch knows and has requested, between two answers. */
export interface WatchState {
  readonly knowledge: EniKnowledge;
  readonly enis: readonly EniProgress[];
  readonly lastRequestMs: LastRequestMs;
  /** When a known value was last checked. */
  readonly lastCheckMs: number;
  /** The number of consecutive failed polls up to now. */
  readonly failedPolls: number;
  /** The error of the last poll; null if that poll did not fail. */
  readonly lastError: ErrorObservation | null;
  /** IMDS has given at least one answer. */
  readonly isAnswered: boolean;
  /** The observations of the last poll. */
  readonly lastObservations: readonly Observation[];
}

/** How long an absence must last to count, if `--settle` is 0; otherwise `--settle` is used. */
const defaultConfirmAbsenceMs = 10_000;

/** A watch without ENIs. */
export function newWatchState(startMs: number): WatchState {
  return {
    knowledge: noKnowledge,
    enis: [],
    lastRequestMs: {},
    lastCheckMs: startMs + checkIntervalMs, // in the first second only new values are requested
    failedPolls: 0,
    lastError: null,
    isAnswered: false,
    lastObservations: [],
  };
}

/** Sets the watched MACs. If a MAC's watch has ended, and it is requested again, it starts anew. */
export function updateWatched(
  state: WatchState,
  macs: readonly string[],
  nowMs: number,
): WatchState {
  const enis = [...new Set(macs)].map((mac) => {
    const known = state.enis.find((eni) => eni.mac === mac);
    return known === undefined || known.isDone ? newEniProgress(mac) : known;
  });
  const added = enis.filter((eni) => !state.enis.includes(eni)).map(({ mac }) => mac);
  const kept = enis.filter((eni) => state.enis.includes(eni)).map(({ mac }) => mac);
  return { ...state, enis, knowledge: restrictKnowledge(state.knowledge, { kept, added }, nowMs) };
}

/** The state after answers, and the events they cause. */
export function applyObservations(
  state: WatchState,
  observations: readonly Observation[],
  options: WatchOptions,
  nowMs: number,
): WatchState & { readonly events: readonly EniEvent[] } {
  const times = classifyTimes(options, nowMs);
  const knowledge = observations.reduce(
    (known, observation) => applyObservation(known, observation, times),
    state.knowledge,
  );
  const context = classifyContext(knowledge, options, nowMs);
  const results = state.enis.map((eni) => reclassify(countRequests(eni, observations), context));
  const sentAt = observations.map(({ request }) => [requestKey(request), nowMs] as const);
  return {
    ...state,
    knowledge,
    enis: results.map((each) => each.watched),
    lastRequestMs: { ...state.lastRequestMs, ...Object.fromEntries(sentAt) },
    isAnswered: state.isAnswered || observations.some((each) => !isErrorObservation(each)),
    lastObservations: [...state.lastObservations, ...observations],
    events: results.flatMap((each) => each.events),
  };
}

/** The state after a poll. An error caused by the deadline does not replace an earlier error. */
export function finishPoll(
  state: WatchState,
  before: Pick<WatchState, "failedPolls" | "lastError">,
): WatchState {
  const errors = state.lastObservations.filter(isErrorObservation);
  const [firstError] = errors;
  if (firstError === undefined) return { ...state, failedPolls: 0, lastError: null };
  const lastError = errors.find((each) => !each.isCutByDeadline) ?? before.lastError ?? firstError;
  return { ...state, failedPolls: before.failedPolls + 1, lastError };
}

/** Whether more consecutive polls have failed than `retries` allows. */
export function isOutOfRetries({ failedPolls, lastError }: WatchState, retries: number): boolean {
  return failedPolls > retries || (retries < Infinity && lastError?.isOutOfRetries === true);
}

/** The last events, at the deadline. Throws the last error's failure if IMDS never answered. */
export function finishWatch(
  state: WatchState,
  options: WatchOptions,
  nowMs: number,
): readonly EniEvent[] {
  const { isAnswered, lastError } = state;
  if (!isAnswered && lastError !== null) throw lastError.failure;
  const hasNoAnswer = lastError !== null && !lastError.isCutByDeadline;
  const silenceReason = hasNoAnswer ? lastError.failure.message : null;
  const context = classifyContext(state.knowledge, options, nowMs);
  return pendingEnis(state).map((progress) => endIncomplete(progress, context, silenceReason));
}

function classifyContext(knowledge: EniKnowledge, options: WatchOptions, nowMs: number) {
  return {
    knowledge,
    parsedEnis: parseObservedEnis(knowledge),
    kernel: options.kernel,
    occupiedSlots: options.occupiedSlots(),
    times: classifyTimes(options, nowMs),
  };
}

function classifyTimes({ settleMs }: WatchOptions, nowMs: number): ClassifyTimes {
  return { nowMs, settleMs, confirmAbsenceMs: settleMs > 0 ? settleMs : defaultConfirmAbsenceMs };
}

/** The ENIs whose watch has not ended. */
export function pendingEnis({ enis }: WatchState): readonly EniProgress[] {
  return enis.filter(({ isDone }) => !isDone);
}

/** What an ENI waits for, to choose the next request; empty if it waits for nothing. */
export function toPendingEni({ mac, classification, isDone }: EniProgress): readonly PendingEni[] {
  return isDone || !("awaits" in classification) ? [] : [{ mac, awaits: classification.awaits }];
}

function countRequests(eni: EniProgress, observations: readonly Observation[]): EniProgress {
  const own = observations.filter(({ request }) => "mac" in request && request.mac === eni.mac);
  const requests = eni.timeline.requests + own.length;
  return { ...eni, timeline: { ...eni.timeline, requests } };
}
