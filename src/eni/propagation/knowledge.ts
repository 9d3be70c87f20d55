import { parseMac } from "../../model/ip.ts";
import {
  emptyObservations,
  type EniObservations,
  type LeafValue,
  type RecordTimes,
  recordFolder,
  recordLeaf,
  recordListed,
  recordLeafError,
} from "./observations.ts";
import type { Observation } from "./request.ts";
import type { ListedEni } from "../schema.ts";
import { parseObservedEni } from "./parse-observed.ts";

/** What is known so far about the watched ENIs. */
export interface EniKnowledge {
  /** What was observed, by MAC. */
  readonly observed: Readonly<Record<string, EniObservations>>;
  /** The value of `meta-data/mac`; null if not known yet. */
  readonly primaryMac: string | null;
  /** Whether the primary has `network-card`; null if not known yet. */
  readonly primaryHasCard: boolean | null;
  /** The primary's device-number; null if not known yet. */
  readonly primaryDevice: number | null;
}

/** The knowledge before the first request. */
export const noKnowledge: EniKnowledge = {
  observed: {},
  primaryMac: null,
  primaryHasCard: null,
  primaryDevice: null,
};

/** Keeps what is known about the instance and the `kept` ENIs, and adds the `added` ENIs. */
export function restrictKnowledge(
  knowledge: EniKnowledge,
  { kept, added }: Readonly<Record<"kept" | "added", readonly string[]>>,
  nowMs: number,
): EniKnowledge {
  const observed = Object.entries(knowledge.observed).filter(([mac]) => kept.includes(mac));
  const unread = added.map((mac) => [mac, emptyObservations(mac, nowMs)] as const);
  return { ...knowledge, observed: Object.fromEntries([...observed, ...unread]) };
}

/** The knowledge after an answer. An error removes nothing. */
export function applyObservation(
  knowledge: EniKnowledge,
  observation: Observation,
  times: RecordTimes,
): EniKnowledge {
  const { request } = observation;
  if (request.target === "folder" || request.target === "leaf") {
    const eni = knowledge.observed[request.mac];
    if (eni === undefined) return knowledge;
    return withObservedEni(knowledge, recordEniObservation(eni, observation, times));
  }
  if (request.target === "primary-device" && observation.kind !== "error") {
    // a primary without device-number is device 0
    const text = observation.kind === "value" ? String(observation.value) : "";
    return { ...knowledge, primaryDevice: /^\d{1,2}$/.test(text) ? Number(text) : 0 };
  }
  if (observation.kind !== "value") return knowledge;
  const { value } = observation;
  if (request.target === "mac-list") return recordListedMacs(knowledge, value, times.nowMs);
  if (request.target === "primary-mac")
    return { ...knowledge, primaryMac: parseMac(String(value)) };
  return { ...knowledge, primaryHasCard: value.includes("network-card") };
}

/** The watched ENIs whose known leaves are valid. */
export function parseObservedEnis({ observed, primaryMac }: EniKnowledge): readonly ListedEni[] {
  return Object.values(observed)
    .filter((eni) => eni.folder === "there")
    .map((eni) => parseObservedEni({ observed: eni, primaryMac }))
    .filter((each) => "folder" in each);
}

/** Keeps a MAC that is no longer listed: it can disappear for seconds while it is in use. */
function recordListedMacs(knowledge: EniKnowledge, value: LeafValue, nowMs: number): EniKnowledge {
  const listed = new Set(toLines(value).map(parseMac));
  return Object.values(knowledge.observed)
    .filter(({ mac, listedMs }) => listedMs === null && listed.has(mac))
    .reduce((known, eni) => withObservedEni(known, recordListed(eni, nowMs)), knowledge);
}

function recordEniObservation(
  eni: EniObservations,
  observation: Observation,
  times: RecordTimes,
): EniObservations {
  const { request } = observation;
  const value = observation.kind === "value" ? observation.value : null;
  if (request.target === "leaf") {
    if (observation.kind === "error") return recordLeafError(eni, request.name);
    return recordLeaf(eni, request.name, value, times);
  }
  if (observation.kind === "error") return eni;
  return recordFolder(eni, value === null ? null : toLines(value), times);
}

function toLines(value: LeafValue): readonly string[] {
  return typeof value === "string" ? [value] : value;
}

function withObservedEni(knowledge: EniKnowledge, eni: EniObservations): EniKnowledge {
  return { ...knowledge, observed: { ...knowledge.observed, [eni.mac]: eni } };
}
