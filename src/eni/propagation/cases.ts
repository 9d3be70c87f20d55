import type { BatchWish } from "../../model/hotplug.ts";
import type { Applied } from "../../model/plan.ts";
import type { Failure } from "../../exit.ts";
import type { EniEvent } from "./nic.ts";
import type { HotplugAnswer, HotplugNic, NicTimeline } from "../../model/hotplug.ts";
import type { Link } from "../../model/link.ts";
import type { NicResult } from "../../model/plan.ts";
import { nicsAmong } from "../../plan/config/match-nics.ts";

/** A NIC that came, from its event to the end of its watch. */
export interface NicCase {
  readonly nic: HotplugNic;
  /** Why its configuration could not be activated. */
  readonly failure: Failure | null;
  readonly isOver: boolean;
  /** Its link was not to be seen at the last look: one is not enough, it may be renamed just then. */
  readonly isMissing: boolean;
  /** It is over because this run's time is: who wished for it may have time left. */
  readonly isCutShort: boolean;
  /** It came again since its activation failed, as a link does that flaps: it is to be done again. */
  readonly isDue: boolean;
  /** Whose run waits for it. */
  readonly wishes: readonly SeenWish[];
}

interface SeenWish {
  readonly wish: BatchWish;
  readonly seenMs: number;
}

export type NicCases = readonly NicCase[];

export function newCase(mac: string): NicCase {
  const nothing = { listedMs: null, usableMs: null, appliedMs: null, ipv6Ms: null };
  const timeline: NicTimeline = { ...nothing, settledMs: null, requests: 0 };
  const nic = { mac, name: null, eni: null, outcome: "skipped", timeline } as const;
  const marks = { isOver: false, isMissing: false, isCutShort: false, isDue: false };
  return { nic, failure: null, ...marks, wishes: [] };
}

/**
 * With what other runs wish for. A NIC whose case is over and that is wished for again came again,
 * and is a new case. One that has no link any more is over: that is no failure, another event tells
 * of it.
 */
export function takeWishes(
  cases: NicCases,
  wishes: readonly BatchWish[],
  { links, nowMs }: { readonly links: readonly Link[]; readonly nowMs: number },
): NicCases {
  const isSeen = ({ id }: BatchWish): boolean =>
    cases.some((each) => each.wishes.some(({ wish }) => wish.id === id));
  const all = wishes
    .filter((wish) => !isSeen(wish))
    .reduce<NicCases>((known, wish) => {
      const old = known.find(({ nic }) => nic.mac === wish.mac);
      const open = old === undefined || old.isOver ? newCase(wish.mac) : old;
      const isDue = open.failure !== null;
      const wished = { ...open, isDue, wishes: [...open.wishes, { wish, seenMs: nowMs }] };
      return [...known.filter((each) => each !== old), wished];
    }, cases);
  const nics = nicsAmong(links);
  return all.map((each) => withLink(each, nics));
}

function withLink(known: NicCase, nics: readonly Link[]): NicCase {
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
export function isWorthGoingOn(cases: NicCases, own: NicCase): boolean {
  const isUsed = ({ isOver, nic }: NicCase): boolean => !isOver && nic.timeline.usableMs !== null;
  return !own.isOver || cases.some(isUsed);
}

/** What was configured counts more than that a later look had nothing to add. */
export function takeApplied(cases: NicCases, { nics, failure, activatedMs }: Applied): NicCases {
  return cases.map((each): NicCase => {
    const result = nics.find(({ mac }) => mac === each.nic.mac);
    if (result === undefined || each.isOver) return each;
    const { outcome, timeline } = each.nic;
    const isSame = result.outcome === "unchanged" && outcome === "configured";
    const isFailed = result.outcome === "failed";
    const appliedMs = timeline.appliedMs ?? (isFailed ? null : activatedMs);
    const nic = { ...named(result, each), ...(isSame ? { outcome } : {}) };
    const told = { ...nic, timeline: rounded({ ...timeline, appliedMs }) };
    return { ...each, nic: told, failure: isFailed ? failure : null, isDue: false };
  });
}

function named(result: NicResult, { nic }: NicCase): NicResult {
  return { ...result, name: result.name ?? nic.name };
}

export function takeEvents(cases: NicCases, events: readonly EniEvent[]): NicCases {
  return events.reduce(takeEvent, cases);
}

function takeEvent(cases: NicCases, event: EniEvent): NicCases {
  return cases.map((each): NicCase => {
    if (each.nic.mac !== event.mac || each.isOver) return each;
    const timeline = rounded({ ...each.nic.timeline, ...event.timeline });
    const nic = { ...each.nic, timeline };
    if (event.kind === "incomplete") {
      const ended = incompleteNic(nic, event.reasons);
      return { ...each, nic: ended, isOver: true, isCutShort: true };
    }
    return { ...each, nic, isOver: event.kind === "settled" };
  });
}

/** Without a reason it is whole, and there was no more time to see that it stays so. */
function incompleteNic(nic: HotplugNic, reasons: readonly string[]): HotplugNic {
  if (reasons.length === 0 || nic.outcome === "failed") return nic;
  return { ...nic, outcome: "incomplete", reason: reasons.join("; ") };
}

interface Due {
  readonly wish: BatchWish;
  readonly answer: HotplugAnswer;
}

/** What is to be answered now. Who wished for what was cut short goes on with it. */
export function dueAnswers(cases: NicCases): readonly Due[] {
  return cases
    .filter(({ isOver, isCutShort }) => isOver && !isCutShort)
    .flatMap(({ nic, failure, wishes }) =>
      wishes.map(({ wish, seenMs }) => ({
        wish,
        answer: {
          nic: { ...nic, timeline: shifted(nic.timeline, wish.elapsedMs - seenMs) },
          failure: failure === null ? null : textOf(failure),
        },
      })),
    );
}

/** Those whose activation failed, and which can be tried again. */
export function failedMacs(cases: NicCases): readonly string[] {
  return cases
    .filter(({ isOver, failure }) => !isOver && failure !== null)
    .map(({ nic }) => nic.mac);
}

export function answered(cases: NicCases): NicCases {
  return cases.map((each) => (each.isOver ? { ...each, wishes: [] } : each));
}

function textOf({ kind, message, hint }: Failure) {
  return { kind, message, hint: hint ?? null };
}

/** Runs have clocks of their own. */
function shifted(timeline: NicTimeline, byMs: number): NicTimeline {
  return withTimes(timeline, (ms) => Math.round(Math.max(0, ms + byMs)));
}

function rounded(timeline: NicTimeline): NicTimeline {
  return withTimes(timeline, Math.round);
}

function withTimes({ requests, ...times }: NicTimeline, at: (ms: number) => number): NicTimeline {
  const known = (ms: number | null): number | null => (ms === null ? null : at(ms));
  return {
    listedMs: known(times.listedMs),
    usableMs: known(times.usableMs),
    appliedMs: known(times.appliedMs),
    ipv6Ms: known(times.ipv6Ms),
    settledMs: known(times.settledMs),
    requests,
  };
}
