import type { Failure } from "../../exit.ts";
import type { EniEvent, EniIncomplete } from "./eni-progress.ts";
import type { HotplugAnswer, HotplugNic, JoinRequest, NicTimeline } from "../../model/hotplug.ts";
import type { Link } from "../../model/link.ts";
import type { ApplyResult } from "../../model/plan.ts";
import { filterNicLinks } from "../../plan/config/match-nics.ts";

/** An attached NIC, from its event to the end of its watch. */
export interface NicProgress {
  readonly nic: HotplugNic;
  /** Why its configuration could not be activated; null if it was activated, or not tried. */
  readonly failure: Failure | null;
  readonly isOver: boolean;
  /** Its link was missing at the last check. Two checks count, because a rename hides a link. */
  readonly isMissing: boolean;
  /** It ended at this run's deadline; the process that requested it may have a later deadline. */
  readonly isTimedOut: boolean;
  /** Must be activated again, because it was attached again after its activation failed. */
  readonly isRetryDue: boolean;
  /** The requests of the processes that wait for it. */
  readonly joinRequests: readonly SeenJoinRequest[];
}

interface SeenJoinRequest {
  readonly joinRequest: JoinRequest;
  readonly seenMs: number;
}

/** All NICs of a run. */
export type HotplugState = readonly NicProgress[];

/** The progress of a NIC about which nothing is known yet. */
export function createNicProgress(mac: string): NicProgress {
  const noTimes = { listedMs: null, usableMs: null, appliedMs: null, ipv6Ms: null };
  const timeline: NicTimeline = { ...noTimes, settledMs: null, requests: 0 };
  const nic = { mac, name: null, eni: null, outcome: "skipped", timeline } as const;
  const flags = { isOver: false, isMissing: false, isTimedOut: false, isRetryDue: false };
  return { nic, failure: null, ...flags, joinRequests: [] };
}

/**
 * The state after other processes' requests. If a NIC is over and is requested again, it was
 * attached again, so it starts from the beginning. A NIC without a link is over, but has not
 * failed, because udev reports its removal in another event.
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
      const current = existing?.isOver === false ? existing : createNicProgress(joinRequest.mac);
      const seen = [...current.joinRequests, { joinRequest, seenMs: nowMs }];
      const requested = { ...current, isRetryDue: current.failure !== null, joinRequests: seen };
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
  // if the activation failed, this was because the link was gone, so it is no failure either
  return { ...known, nic: { ...nic, outcome: "skipped", reason }, failure: null, isOver: true };
}

/**
 * Whether a run continues, for its own NIC or for other NICs that are usable but not settled. It
 * does not continue for an unusable NIC, which the process that waits for it can watch itself.
 */
export function hasUnfinishedWork(state: HotplugState, own: NicProgress): boolean {
  return !own.isOver || state.some(({ isOver, nic }) => !isOver && nic.timeline.usableMs !== null);
}

/** The state after an activation. A `configured` NIC stays so if a later one changes nothing. */
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
    const nic = { ...result, name: result.name ?? each.nic.name, ...(isSame ? { outcome } : {}) };
    const reported = { ...nic, timeline: roundTimeline({ ...timeline, appliedMs }) };
    return { ...each, nic: reported, failure: isFailed ? failure : null, isRetryDue: false };
  });
}

/** The state after events of the watch. */
export function reduceEvents(state: HotplugState, events: readonly EniEvent[]): HotplugState {
  return events.reduce(reduceEvent, state);
}

function reduceEvent(state: HotplugState, event: EniEvent): HotplugState {
  return state.map((each): NicProgress => {
    if (each.nic.mac !== event.mac || each.isOver) return each;
    const timeline = roundTimeline({ ...each.nic.timeline, ...event.timeline });
    const nic = { ...each.nic, timeline };
    if (event.kind !== "incomplete") return { ...each, nic, isOver: event.kind === "settled" };
    return { ...each, nic: markIncomplete(nic, event), isOver: true, isTimedOut: true };
  });
}

/** If there is no reason, the NIC is complete, and only the time to settle was too short. */
function markIncomplete(nic: HotplugNic, { reasons, isFinal }: EniIncomplete): HotplugNic {
  if (reasons.length === 0 || nic.outcome === "failed") return nic;
  const final = isFinal ? { isFinal } : {};
  return { ...nic, outcome: "incomplete", reason: reasons.join("; "), ...final };
}

interface DueAnswer {
  readonly joinRequest: JoinRequest;
  readonly answer: HotplugAnswer;
}

/** The requests to answer now. Processes that wait for a NIC that timed out watch it themselves. */
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

/** The NICs whose activation failed and can be tried again. */
export function collectFailedMacs(state: HotplugState): readonly string[] {
  return state.flatMap(({ isOver, failure, nic }) => (isOver || failure === null ? [] : [nic.mac]));
}

/** The state without the requests that have been answered. */
export function clearAnswered(state: HotplugState): HotplugState {
  return state.map((each) => (each.isOver ? { ...each, joinRequests: [] } : each));
}

function serializeFailure({ kind, message, hint }: Failure) {
  return { kind, message, hint: hint ?? null };
}

/** Converts the times to the requesting process, because each process counts from its own start. */
function shiftTimeline(timeline: NicTimeline, byMs: number): NicTimeline {
  return mapTimes(timeline, (ms) => Math.round(Math.max(0, ms + byMs)));
}

function roundTimeline(timeline: NicTimeline): NicTimeline {
  return mapTimes(timeline, Math.round);
}

function mapTimes({ requests, ...times }: NicTimeline, map: (ms: number) => number): NicTimeline {
  const known = (ms: number | null): number | null => (ms === null ? null : map(ms));
  return {
    listedMs: known(times.listedMs),
    usableMs: known(times.usableMs),
    appliedMs: known(times.appliedMs),
    ipv6Ms: known(times.ipv6Ms),
    settledMs: known(times.settledMs),
    requests,
  };
}
