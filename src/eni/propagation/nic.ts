import type { Eni } from "../../model/eni.ts";
import type { EniKnowledge } from "./knowledge.ts";
import type { ListedEni } from "../schema.ts";
import {
  type EniSight,
  type EniVerdict,
  judgeEni,
  type JudgeTimes,
  type KernelSight,
} from "./judge.ts";
import { knownSoFar } from "./partial.ts";
import type { TakenPlace } from "../../model/link.ts";

/** When what was known of one NIC, on `Clock.now`; null: not yet. */
export interface EniTimeline {
  readonly listedMs: number | null;
  readonly usableMs: number | null;
  readonly ipv6Ms: number | null;
  readonly settledMs: number | null;
  /** Those of its own folder; what is asked for all at once is counted by the session. */
  readonly requests: number;
}

/** What became known. `usable` comes once and first, `settled` or `incomplete` once and last. */
export type EniEvent = EniNews | EniIncomplete;

export interface EniNews {
  /** `changed`: more than was told before, or less where that has lasted. */
  readonly kind: "usable" | "changed" | "settled";
  readonly mac: string;
  readonly eni: Eni;
  /** What may still come; a person may like to know. */
  readonly missing: readonly string[];
  readonly timeline: EniTimeline;
}

export interface EniIncomplete {
  readonly kind: "incomplete";
  readonly mac: string;
  /** What is known and usable all the same, told before or not; null: nothing is. */
  readonly eni: Eni | null;
  /** Empty: it is whole, and there was not enough time to see that nothing changes any more. */
  readonly reasons: readonly string[];
  readonly timeline: EniTimeline;
}

/** One NIC's way through a watch. */
export interface WatchedEni {
  readonly mac: string;
  /** As it was told last; null: it was not usable yet. */
  readonly told: Eni | null;
  readonly verdict: EniVerdict;
  readonly timeline: EniTimeline;
  readonly isOver: boolean;
}

export interface JudgeAll {
  readonly knowledge: EniKnowledge;
  /** Of that knowledge. */
  readonly listed: readonly ListedEni[];
  readonly kernel: (mac: string) => KernelSight | null;
  readonly taken: readonly TakenPlace[];
  readonly times: JudgeTimes;
}

export function newlyWatched(mac: string): WatchedEni {
  const timeline = { listedMs: null, usableMs: null, ipv6Ms: null, settledMs: null, requests: 0 };
  const verdict = { state: "absent", reason: "imds was not asked yet", awaits: "macs" } as const;
  return { mac, told: null, verdict, timeline, isOver: false };
}

/** The NIC after a new judgement, and what there is to tell of it. */
export function judgeAgain(
  watched: WatchedEni,
  all: JudgeAll,
): { readonly watched: WatchedEni; readonly events: readonly EniNews[] } {
  const { told } = watched;
  const sight = sightOf(watched, all);
  if (sight === null || watched.isOver) return { watched, events: [] };
  const verdict = judgeEni(sight);
  const eni = "eni" in verdict ? verdict.eni : null;
  const { nowMs } = all.times;
  const { usableMs, ipv6Ms } = watched.timeline;
  const timeline: EniTimeline = {
    ...watched.timeline,
    listedMs: sight.memory.listedMs,
    usableMs: usableMs ?? (eni === null ? null : nowMs),
    ipv6Ms: ipv6Ms ?? ((eni?.ipv6.addresses.length ?? 0) > 0 ? nowMs : null),
    settledMs: verdict.state === "settled" ? nowMs : null,
  };
  const isOver = verdict.state === "settled";
  const after = { ...watched, told: eni ?? told, verdict, timeline, isOver };
  return { watched: after, events: eni === null ? [] : newsOf(told, eni, after) };
}

function sightOf({ mac, told }: WatchedEni, all: JudgeAll): EniSight | null {
  const { knowledge, listed, kernel, taken, times } = all;
  const { memories, primaryMac, primaryHasCard } = knowledge;
  const memory = memories[mac];
  if (memory === undefined) return null;
  const others = listed.filter((other) => other.mac !== mac);
  const unlearnt = { taken, whole: told, kernel: kernel(mac), times };
  return { memory, primaryMac, primaryHasCard, others, ...unlearnt };
}

/**
 * How a NIC ends that has not settled when the time is over. `silence`: IMDS gave no answer any more,
 * and why; null: it did, and what was seen last is how things are.
 */
export function endIncomplete(
  watched: WatchedEni,
  all: JudgeAll,
  silence: string | null,
): EniIncomplete {
  const { mac, told, verdict, timeline } = watched;
  const sight = sightOf(watched, all);
  const seen = "reason" in verdict ? [verdict.reason] : missingOf(verdict);
  const reasons = [...(silence === null ? [] : [silence]), ...seen];
  const eni = told ?? (sight === null ? null : knownSoFar(sight));
  return { kind: "incomplete", mac, eni, reasons, timeline };
}

function newsOf(told: Eni | null, eni: Eni, after: WatchedEni): readonly EniNews[] {
  const { mac, verdict, timeline } = after;
  const isOther = JSON.stringify(told) !== JSON.stringify(eni);
  const kinds = [
    ...(told === null ? (["usable"] as const) : isOther ? (["changed"] as const) : []),
    ...(verdict.state === "settled" ? (["settled"] as const) : []),
  ];
  return kinds.map((kind) => ({ kind, mac, eni, missing: missingOf(verdict), timeline }));
}

function missingOf(verdict: EniVerdict): readonly string[] {
  return verdict.state === "usable" ? verdict.missing : [];
}
