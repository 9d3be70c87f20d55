import {
  type EniKnowledge,
  restrictKnowledge,
  applyObservation,
  parseObservedEnis,
  emptyKnowledge,
} from "./knowledge.ts";
import {
  type Observation,
  type ErrorObservation,
  isErrorObservation,
  requestKey,
} from "./request.ts";
import type { ClassifyTimes, KernelFacts } from "./classify.ts";
import type { LastRequestMs, PendingEni } from "./next-requests.ts";
import { checkIntervalMs } from "./poll-interval.ts";
import {
  endIncomplete,
  type EniEvent,
  type ClassifyContext,
  reclassify,
  newEniProgress,
  type EniProgress,
} from "./eni-progress.ts";
import type { OccupiedSlot } from "../../model/link.ts";

export interface WatchOptions {
  /**
   * Those that are wanted by now, canonical, watched together over one conversation; asked before
   * each poll. One that is not wanted any more is dropped without a word; one whose watch is over
   * and that is still wanted, or is wanted again, is watched from the beginning.
   */
  readonly macs: () => Promise<readonly string[]>;
  /** The NIC's name, for a person; null: it is not known. */
  readonly nameOf: (mac: string) => string | null;
  /** Unchanged for so long is settled; 0: the watch ends where a NIC is usable. */
  readonly settleMs: number;
  /** What the kernel shows of a NIC now, as far as somebody looked; asked after each answer. */
  readonly kernel: (mac: string) => KernelFacts | null;
  /** The places that NICs which are here have by now; asked after each answer. */
  readonly occupiedSlots: () => readonly OccupiedSlot[];
}

/** What a watch knows and has asked, between two answers. */
export interface WatchState {
  readonly knowledge: EniKnowledge;
  readonly enis: readonly EniProgress[];
  readonly lastRequestMs: LastRequestMs;
  /** When something known was looked at again last. */
  readonly lastCheckMs: number;
  /** Polls in a row, up to now, that came to trouble. */
  readonly failedPolls: number;
  /** What the last of them came to; null: nothing failed. */
  readonly lastError: ErrorObservation | null;
  readonly isAnswered: boolean;
  /** What the last poll heard. */
  readonly lastObservations: readonly Observation[];
}

/** For so long must an absence last to be believed, where `--settle 0` does not tell. */
const defaultConfirmAbsenceMs = 10_000;

/** Of nobody yet. */
export function newWatchState(startMs: number): WatchState {
  return {
    knowledge: emptyKnowledge,
    enis: [],
    lastRequestMs: {},
    lastCheckMs: startMs + checkIntervalMs, // the first second is for what is new
    failedPolls: 0,
    lastError: null,
    isAnswered: false,
    lastObservations: [],
  };
}

/** Who is over and still here was wanted again. */
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
  return {
    ...state,
    enis,
    knowledge: restrictKnowledge(state.knowledge, { kept, fresh: added }, nowMs),
  };
}

/** What was heard, learnt and judged. */
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
  const reclassified = state.enis.map((eni) =>
    reclassify(countRequests(eni, observations), context),
  );
  const sentAt = observations.map(({ request }) => [requestKey(request), nowMs] as const);
  return {
    ...state,
    knowledge,
    enis: reclassified.map((each) => each.watched),
    lastRequestMs: { ...state.lastRequestMs, ...Object.fromEntries(sentAt) },
    isAnswered:
      state.isAnswered || observations.some((observation) => !isErrorObservation(observation)),
    lastObservations: [...state.lastObservations, ...observations],
    events: reclassified.flatMap((each) => each.events),
  };
}

/** A poll is over. A last look that the deadline cut says less than the one before it. */
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

/** Trouble in a row was tried again as often as may be. */
export function isOutOfRetries({ failedPolls, lastError }: WatchState, retries: number): boolean {
  return failedPolls > retries || (retries < Infinity && lastError?.isOutOfRetries === true);
}

/**
 * What is told when the time is over. Throws the last trouble where IMDS never gave an answer: then
 * nothing is known.
 */
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

function classifyContext(
  knowledge: EniKnowledge,
  options: WatchOptions,
  nowMs: number,
): ClassifyContext {
  const { kernel, occupiedSlots } = options;
  const times = classifyTimes(options, nowMs);
  return {
    knowledge,
    parsedEnis: parseObservedEnis(knowledge),
    kernel,
    occupiedSlots: occupiedSlots(),
    times,
  };
}

function classifyTimes({ settleMs }: WatchOptions, nowMs: number): ClassifyTimes {
  return { nowMs, settleMs, confirmAbsenceMs: settleMs > 0 ? settleMs : defaultConfirmAbsenceMs };
}

/** Those whose watch goes on. */
export function pendingEnis({ enis }: WatchState): readonly EniProgress[] {
  return enis.filter(({ isDone }) => !isDone);
}

/** What it waits for, as the choice of questions has it; empty: nothing. */
export function toPendingEni({ mac, classification, isDone }: EniProgress): readonly PendingEni[] {
  return isDone || !("awaits" in classification) ? [] : [{ mac, awaits: classification.awaits }];
}

function countRequests(eni: EniProgress, observations: readonly Observation[]): EniProgress {
  const own = observations.filter(({ request }) => "mac" in request && request.mac === eni.mac);
  const requests = eni.timeline.requests + own.length;
  return { ...eni, timeline: { ...eni.timeline, requests } };
}
