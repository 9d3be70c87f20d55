import type { JoinRequest } from "../../model/hotplug.ts";
import type { ApplyResult } from "../../model/plan.ts";
import type { Failure } from "../../exit.ts";
import type { EniEvent } from "./eni-progress.ts";
import type { HotplugAnswer, HotplugNic, NicTimeline } from "../../model/hotplug.ts";
import type { Link } from "../../model/link.ts";
import type { NicResult } from "../../model/plan.ts";
import { filterNicLinks } from "../../plan/config/match-nics.ts";

/** A NIC that came, from its event to the end of its watch. */
export interface NicProgress {
  readonly nic: HotplugNic;
  /** Why its configuration could not be activated. */
  readonly failure: Failure | null;
  readonly isOver: boolean;
  /** Its link was not to be seen at the last look: one is not enough, it may be renamed just then. */
  readonly isMissing: boolean;
  /** It is over because this run's time is: who wished for it may have time left. */
  readonly isTimedOut: boolean;
  /** It came again since its activation failed, as a link does that flaps: it is to be done again. */
  readonly isRetryDue: boolean;
  /** Whose run waits for it. */
  readonly joinRequests: readonly SeenJoinRequest[];
}

interface SeenJoinRequest {
  readonly joinRequest: JoinRequest;
  readonly seenMs: number;
}

export type HotplugState = readonly NicProgress[];

export function createNicProgress(mac: string): NicProgress {
  const noTimes = { listedMs: null, usableMs: null, appliedMs: null, ipv6Ms: null };
  const timeline: NicTimeline = { ...noTimes, settledMs: null, requests: 0 };
  const nic = { mac, name: null, eni: null, outcome: "skipped", timeline } as const;
  const flags = { isOver: false, isMissing: false, isTimedOut: false, isRetryDue: false };
  return { nic, failure: null, ...flags, joinRequests: [] };
}

/**
 * With what other runs wish for. A NIC whose case is over and that is wished for again came again,
 * and is a new case. One that has no link any more is over: that is no failure, another event tells
 * of it.
 */
export function reduceJoinRequests(
  state: HotplugState,
  joinRequests: readonly JoinRequest[],
  { links, nowMs }: { readonly links: readonly Link[]; readonly nowMs: number },
): HotplugState {
  const isSeen = ({ id }: JoinRequest): boolean =>
    state.some((each) => each.joinRequests.some(({ joinRequest }) => joinRequest.id === id));
  const updated = joinRequests
    .filter((joinRequest) => !isSeen(joinRequest))
    .reduce<HotplugState>((known, joinRequest) => {
      const existing = known.find(({ nic }) => nic.mac === joinRequest.mac);
      const current =
        existing === undefined || existing.isOver ? createNicProgress(joinRequest.mac) : existing;
      const isRetryDue = current.failure !== null;
      const requested = {
        ...current,
        isRetryDue,
        joinRequests: [...current.joinRequests, { joinRequest, seenMs: nowMs }],
      };
      return [...known.filter((each) => each !== existing), requested];
    }, state);
  const nics = filterNicLinks(links);
  return updated.map((each) => updateLink(each, nics));
}

function updateLink(known: NicProgress, nics: readonly Link[]): NicProgress {
  if (known.isOver) return known;
  const { nic } = known;
  const link = nics.find(({ mac }) => mac === nic.mac);
  if (link !== undefined) return { ...known, isMissing: false, nic: { ...nic, name: link.name } };
  if (!known.isMissing) return { ...known, isMissing: true };
  const reason = "its link is gone again";
  // what could not be activated for want of a link is no failure either
  return { ...known, nic: { ...nic, outcome: "skipped", reason }, failure: null, isOver: true };
}

/**
 * Whether a run goes on: for its own NIC, and for others that are in use already and not settled.
 * What others still wait for they can wait for by themselves.
 */
export function hasUnfinishedWork(state: HotplugState, own: NicProgress): boolean {
  const isUsed = ({ isOver, nic }: NicProgress): boolean =>
    !isOver && nic.timeline.usableMs !== null;
  return !own.isOver || state.some(isUsed);
}

/** What was configured counts more than that a later look had nothing to add. */
export function reduceApplied(
  state: HotplugState,
  { nics, failure, activatedMs }: ApplyResult,
): HotplugState {
  return state.map((each): NicProgress => {
    const result = nics.find(({ mac }) => mac === each.nic.mac);
    if (result === undefined || each.isOver) return each;
    const { outcome, timeline } = each.nic;
    const isSame = result.outcome === "unchanged" && outcome === "configured";
    const isFailed = result.outcome === "failed";
    const appliedMs = timeline.appliedMs ?? (isFailed ? null : activatedMs);
    const nic = { ...addLinkName(result, each), ...(isSame ? { outcome } : {}) };
    const reported = { ...nic, timeline: roundTimeline({ ...timeline, appliedMs }) };
    return { ...each, nic: reported, failure: isFailed ? failure : null, isRetryDue: false };
  });
}

function addLinkName(result: NicResult, { nic }: NicProgress): NicResult {
  return { ...result, name: result.name ?? nic.name };
}

export function reduceEvents(state: HotplugState, events: readonly EniEvent[]): HotplugState {
  return events.reduce(reduceEvent, state);
}

function reduceEvent(state: HotplugState, event: EniEvent): HotplugState {
  return state.map((each): NicProgress => {
    if (each.nic.mac !== event.mac || each.isOver) return each;
    const timeline = roundTimeline({ ...each.nic.timeline, ...event.timeline });
    const nic = { ...each.nic, timeline };
    if (event.kind === "incomplete") {
      const ended = markIncomplete(nic, event.reasons);
      return { ...each, nic: ended, isOver: true, isTimedOut: true };
    }
    return { ...each, nic, isOver: event.kind === "settled" };
  });
}

/** Without a reason it is whole, and there was no more time to see that it stays so. */
function markIncomplete(nic: HotplugNic, reasons: readonly string[]): HotplugNic {
  if (reasons.length === 0 || nic.outcome === "failed") return nic;
  return { ...nic, outcome: "incomplete", reason: reasons.join("; ") };
}

interface DueAnswer {
  readonly joinRequest: JoinRequest;
  readonly answer: HotplugAnswer;
}

/** What is to be answered now. Who wished for what was cut short goes on with it. */
export function collectDueAnswers(state: HotplugState): readonly DueAnswer[] {
  return state
    .filter(({ isOver, isTimedOut }) => isOver && !isTimedOut)
    .flatMap(({ nic, failure, joinRequests }) =>
      joinRequests.map(({ joinRequest, seenMs }) => ({
        joinRequest,
        answer: {
          nic: { ...nic, timeline: shiftTimeline(nic.timeline, joinRequest.elapsedMs - seenMs) },
          failure: failure === null ? null : serializeFailure(failure),
        },
      })),
    );
}

/** Those whose activation failed, and which can be tried again. */
export function collectFailedMacs(state: HotplugState): readonly string[] {
  return state
    .filter(({ isOver, failure }) => !isOver && failure !== null)
    .map(({ nic }) => nic.mac);
}

export function clearAnswered(state: HotplugState): HotplugState {
  return state.map((each) => (each.isOver ? { ...each, joinRequests: [] } : each));
}

function serializeFailure({ kind, message, hint }: Failure) {
  return { kind, message, hint: hint ?? null };
}

/** Runs have clocks of their own. */
function shiftTimeline(timeline: NicTimeline, byMs: number): NicTimeline {
  return mapTimes(timeline, (ms) => Math.round(Math.max(0, ms + byMs)));
}

function roundTimeline(timeline: NicTimeline): NicTimeline {
  return mapTimes(timeline, Math.round);
}

function mapTimes(
  { requests, ...times }: NicTimeline,
  transform: (ms: number) => number,
): NicTimeline {
  const known = (ms: number | null): number | null => (ms === null ? null : transform(ms));
  return {
    listedMs: known(times.listedMs),
    usableMs: known(times.usableMs),
    appliedMs: known(times.appliedMs),
    ipv6Ms: known(times.ipv6Ms),
    settledMs: known(times.settledMs),
    requests,
  };
}
