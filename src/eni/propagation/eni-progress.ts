import type { Eni } from "../../model/eni.ts";
import type { EniKnowledge } from "./knowledge.ts";
import type { ListedEni } from "../schema.ts";
import { type EniClassification, classifyEni } from "./classify.ts";
import type { EniFacts, ClassifyTimes, KernelFacts } from "./eni-facts.ts";
import { isUnusableForGood } from "./parse-observed.ts";
import { parsePartialEni } from "./partial.ts";
import type { OccupiedSlot } from "../../model/link.ts";

/** When an ENI reached each stage, in ms of `Clock.now`; null if not reached yet. */
export interface EniTimeline {
  readonly listedMs: number | null;
  readonly usableMs: number | null;
  readonly ipv6Ms: number | null;
  readonly settledMs: number | null;
  /** The number of requests for the ENI's own folder and leaves. */
  readonly requests: number;
}

/** What a watch emits for an ENI: first `usable`, and last either `settled` or `incomplete`. */
export type EniEvent = EniUpdate | EniIncomplete;

export interface EniUpdate {
  /** `changed`: the ENI has more than in the last event, or has had less for `confirmAbsenceMs`. */
  readonly kind: "usable" | "changed" | "settled";
  readonly mac: string;
  readonly eni: Eni;
  /** What IMDS perhaps does not list yet, as text for people. */
  readonly missing: readonly string[];
  /** What contradicts what, and is not configured, as text for people. */
  readonly problems: readonly string[];
  readonly timeline: EniTimeline;
}

export interface EniIncomplete {
  readonly kind: "incomplete";
  readonly mac: string;
  /** The usable part of the ENI, which may have been emitted before; null if there is none. */
  readonly eni: Eni | null;
  /** Empty if the ENI is complete but had too little time to settle. */
  readonly reasons: readonly string[];
  /** The metadata has not changed for so long that waiting does not help. */
  readonly isFinal: boolean;
  readonly timeline: EniTimeline;
}

/** The progress of one ENI in a watch. */
export interface EniProgress {
  readonly mac: string;
  /** The ENI in the last event; null if it was not usable yet. */
  readonly lastEmitted: Eni | null;
  readonly classification: EniClassification;
  readonly timeline: EniTimeline;
  readonly isDone: boolean;
}

/** The facts that the classifications of all ENIs need. */
export interface ClassifyContext {
  readonly knowledge: EniKnowledge;
  /** Parsed from `knowledge`. */
  readonly parsedEnis: readonly ListedEni[];
  readonly kernel: (mac: string) => KernelFacts | null;
  readonly occupiedSlots: readonly OccupiedSlot[];
  readonly times: ClassifyTimes;
}

/** The progress of an ENI about which nothing is known yet. */
export function newEniProgress(mac: string): EniProgress {
  const timeline = { listedMs: null, usableMs: null, ipv6Ms: null, settledMs: null, requests: 0 };
  const reason = "IMDS has not been asked yet";
  const classification = { state: "absent", reason, awaits: "mac-list" } as const;
  return { mac, lastEmitted: null, classification, timeline, isDone: false };
}

/** Classifies an ENI again (absent, usable, …). Returns its new progress, and events to emit. */
export function reclassify(
  progress: EniProgress,
  context: ClassifyContext,
): { readonly watched: EniProgress; readonly events: readonly EniUpdate[] } {
  const { lastEmitted } = progress;
  const facts = eniFacts(progress, context);
  if (facts === null || progress.isDone) return { watched: progress, events: [] };
  const classification = classifyEni(facts);
  const eni = "eni" in classification ? classification.eni : null;
  const isDone = classification.state === "settled";
  const { nowMs } = context.times;
  const { usableMs, ipv6Ms } = progress.timeline;
  const timeline: EniTimeline = {
    ...progress.timeline,
    listedMs: facts.observed.listedMs,
    usableMs: usableMs ?? (eni === null ? null : nowMs),
    ipv6Ms: ipv6Ms ?? ((eni?.ipv6.addresses.length ?? 0) > 0 ? nowMs : null),
    settledMs: isDone ? nowMs : null,
  };
  const next = { ...progress, lastEmitted: eni ?? lastEmitted, classification, timeline, isDone };
  return { watched: next, events: eni === null ? [] : listUpdates(lastEmitted, eni, next) };
}

function eniFacts({ mac, lastEmitted }: EniProgress, context: ClassifyContext): EniFacts | null {
  const { knowledge, parsedEnis, kernel, occupiedSlots, times } = context;
  const { primaryMac, primaryHasCard, primaryDevice } = knowledge;
  const observed = knowledge.observed[mac];
  if (observed === undefined) return null;
  const otherEnis = parsedEnis.filter((other) => other.mac !== mac);
  const rest = { occupiedSlots, lastUsable: lastEmitted, kernel: kernel(mac), times };
  return { observed, primaryMac, primaryHasCard, primaryDevice, otherEnis, ...rest };
}

/**
 * The last event of an ENI that has not settled at the deadline. `silenceReason` says why IMDS gave
 * no answer at the end; null if IMDS answered.
 */
export function endIncomplete(
  progress: EniProgress,
  context: ClassifyContext,
  silenceReason: string | null,
): EniIncomplete {
  const { mac, lastEmitted, classification, timeline } = progress;
  const facts = eniFacts(progress, context);
  const pendingReasons =
    "reason" in classification ? [classification.reason] : listMissing(classification);
  const reasons = [...(silenceReason === null ? [] : [silenceReason]), ...pendingReasons];
  const eni = lastEmitted ?? (facts === null ? null : parsePartialEni(facts));
  const isUnusable = lastEmitted === null && facts !== null && isUnusableForGood(facts);
  const isFinal = silenceReason === null && isUnusable;
  return { kind: "incomplete", mac, eni, reasons, isFinal, timeline };
}

function listUpdates(lastEmitted: Eni | null, eni: Eni, next: EniProgress): readonly EniUpdate[] {
  const { mac, classification, timeline } = next;
  const isChanged = JSON.stringify(lastEmitted) !== JSON.stringify(eni);
  const kinds = [
    ...(lastEmitted === null ? (["usable"] as const) : isChanged ? (["changed"] as const) : []),
    ...(classification.state === "settled" ? (["settled"] as const) : []),
  ];
  const missing = listMissing(classification);
  const problems = "problems" in classification ? classification.problems : [];
  return kinds.map((kind) => ({ kind, mac, eni, missing, problems, timeline }));
}

function listMissing(classification: EniClassification): readonly string[] {
  return classification.state === "usable" ? classification.missing : [];
}
