import { type EniKnowledge, knowledgeOf, learn, listedEnis, nothingKnown } from "./knowledge.ts";
import { type Heard, type HeardTrouble, isTrouble, nameOfQuestion } from "./request.ts";
import type { JudgeTimes, KernelSight } from "./judge.ts";
import type { AskedMs, Waiter } from "./next-requests.ts";
import { checkEveryMs } from "./pace.ts";
import {
  endIncomplete,
  type EniEvent,
  type JudgeAll,
  judgeAgain,
  newlyWatched,
  type WatchedEni,
} from "./nic.ts";
import type { TakenPlace } from "../../model/link.ts";

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
  readonly kernel: (mac: string) => KernelSight | null;
  /** The places that NICs which are here have by now; asked after each answer. */
  readonly taken: () => readonly TakenPlace[];
}

/** What a watch knows and has asked, between two answers. */
export interface Watch {
  readonly knowledge: EniKnowledge;
  readonly enis: readonly WatchedEni[];
  readonly askedMs: AskedMs;
  /** When something known was looked at again last. */
  readonly checkedMs: number;
  /** Polls in a row, up to now, that came to trouble. */
  readonly failed: number;
  /** What the last of them came to; null: nothing failed. */
  readonly trouble: HeardTrouble | null;
  readonly isAnswered: boolean;
  /** What the last poll heard. */
  readonly heard: readonly Heard[];
}

/** For so long must an absence last to be believed, where `--settle 0` does not tell. */
const doubtForMs = 10_000;

/** Of nobody yet. */
export function newWatch(startMs: number): Watch {
  return {
    knowledge: nothingKnown,
    enis: [],
    askedMs: {},
    checkedMs: startMs + checkEveryMs, // the first second is for what is new
    failed: 0,
    trouble: null,
    isAnswered: false,
    heard: [],
  };
}

/** Who is over and still here was wanted again. */
export function wantedOnly(watch: Watch, macs: readonly string[], nowMs: number): Watch {
  const enis = [...new Set(macs)].map((mac) => {
    const known = watch.enis.find((eni) => eni.mac === mac);
    return known === undefined || known.isOver ? newlyWatched(mac) : known;
  });
  const fresh = enis.filter((eni) => !watch.enis.includes(eni)).map(({ mac }) => mac);
  const kept = enis.filter((eni) => watch.enis.includes(eni)).map(({ mac }) => mac);
  return { ...watch, enis, knowledge: knowledgeOf(watch.knowledge, { kept, fresh }, nowMs) };
}

/** What was heard, learnt and judged. */
export function takeIn(
  watch: Watch,
  wave: readonly Heard[],
  options: WatchOptions,
  nowMs: number,
): Watch & { readonly events: readonly EniEvent[] } {
  const times = timesOf(options, nowMs);
  const knowledge = wave.reduce((known, heard) => learn(known, heard, times), watch.knowledge);
  const all = factsOf(knowledge, options, nowMs);
  const judged = watch.enis.map((eni) => judgeAgain(withRequests(eni, wave), all));
  const asked = wave.map(({ question }) => [nameOfQuestion(question), nowMs] as const);
  return {
    ...watch,
    knowledge,
    enis: judged.map((each) => each.watched),
    askedMs: { ...watch.askedMs, ...Object.fromEntries(asked) },
    isAnswered: watch.isAnswered || wave.some((heard) => !isTrouble(heard)),
    heard: [...watch.heard, ...wave],
    events: judged.flatMap((each) => each.events),
  };
}

/** A poll is over. A last look that the deadline cut says less than the one before it. */
export function endPoll(watch: Watch, before: Pick<Watch, "failed" | "trouble">): Watch {
  const troubles = watch.heard.filter(isTrouble);
  const [cut] = troubles;
  if (cut === undefined) return { ...watch, failed: 0, trouble: null };
  const trouble = troubles.find((each) => !each.isCutByDeadline) ?? before.trouble ?? cut;
  return { ...watch, failed: before.failed + 1, trouble };
}

/** Trouble in a row was tried again as often as may be. */
export function isSpent({ failed, trouble }: Watch, retries: number): boolean {
  return failed > retries || (retries < Infinity && trouble?.isSpent === true);
}

/**
 * What is told when the time is over. Throws the last trouble where IMDS never gave an answer: then
 * nothing is known.
 */
export function endOf(watch: Watch, options: WatchOptions, nowMs: number): readonly EniEvent[] {
  const { isAnswered, trouble } = watch;
  if (!isAnswered && trouble !== null) throw trouble.failure;
  const isSilent = trouble !== null && !trouble.isCutByDeadline;
  const silence = isSilent ? trouble.failure.message : null;
  const all = factsOf(watch.knowledge, options, nowMs);
  return waitersOf(watch).map((watched) => endIncomplete(watched, all, silence));
}

function factsOf(knowledge: EniKnowledge, options: WatchOptions, nowMs: number): JudgeAll {
  const { kernel, taken } = options;
  const times = timesOf(options, nowMs);
  return { knowledge, listed: listedEnis(knowledge), kernel, taken: taken(), times };
}

function timesOf({ settleMs }: WatchOptions, nowMs: number): JudgeTimes {
  return { nowMs, settleMs, doubtForMs: settleMs > 0 ? settleMs : doubtForMs };
}

/** Those whose watch goes on. */
export function waitersOf({ enis }: Watch): readonly WatchedEni[] {
  return enis.filter(({ isOver }) => !isOver);
}

/** What it waits for, as the choice of questions has it; empty: nothing. */
export function waiterOf({ mac, verdict, isOver }: WatchedEni): readonly Waiter[] {
  return isOver || !("awaits" in verdict) ? [] : [{ mac, awaits: verdict.awaits }];
}

function withRequests(eni: WatchedEni, wave: readonly Heard[]): WatchedEni {
  const own = wave.filter(({ question }) => "mac" in question && question.mac === eni.mac);
  const requests = eni.timeline.requests + own.length;
  return { ...eni, timeline: { ...eni.timeline, requests } };
}
