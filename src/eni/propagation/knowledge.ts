import { parseMac } from "../../model/ip.ts";
import {
  blankMemory,
  type EniMemory,
  type LeafValue,
  type Moment,
  rememberFolder,
  rememberLeaf,
  rememberListed,
  rememberTrouble,
} from "./memory.ts";
import type { Heard } from "./request.ts";
import type { ListedEni } from "../schema.ts";
import { listedEni } from "./judge.ts";

/** What was heard so far of the ENIs that are watched. */
export interface EniKnowledge {
  /** By MAC. */
  readonly memories: Readonly<Record<string, EniMemory>>;
  /** `meta-data/mac`; null: not heard yet. */
  readonly primaryMac: string | null;
  /** Whether the primary has `network-card`; null: not heard yet. */
  readonly primaryHasCard: boolean | null;
}

export const nothingKnown: EniKnowledge = {
  memories: {},
  primaryMac: null,
  primaryHasCard: null,
};

/** What is known of the instance, and of those that are `kept`; of the `fresh` ones nothing is. */
export function knowledgeOf(
  knowledge: EniKnowledge,
  { kept, fresh }: { readonly kept: readonly string[]; readonly fresh: readonly string[] },
  nowMs: number,
): EniKnowledge {
  const memories = Object.entries(knowledge.memories).filter(([mac]) => kept.includes(mac));
  const blank = fresh.map((mac) => [mac, blankMemory(mac, nowMs)] as const);
  return { ...knowledge, memories: Object.fromEntries([...memories, ...blank]) };
}

/** What is known after an answer. Trouble takes nothing away. */
export function learn(knowledge: EniKnowledge, heard: Heard, moment: Moment): EniKnowledge {
  const { question } = heard;
  if (question.what === "folder" || question.what === "leaf") {
    const memory = knowledge.memories[question.mac];
    if (memory === undefined) return knowledge;
    return withMemory(knowledge, learnOfEni(memory, heard, moment));
  }
  if (heard.kind !== "value") return knowledge;
  const { value } = heard;
  if (question.what === "macs") return learnListed(knowledge, linesOf(value), moment.nowMs);
  if (question.what === "mac") return { ...knowledge, primaryMac: parseMac(String(value)) };
  return { ...knowledge, primaryHasCard: value.includes("network-card") };
}

/** The ENIs that are watched, as far as their leaves can be read. */
export function listedEnis({ memories, primaryMac }: EniKnowledge): readonly ListedEni[] {
  return Object.values(memories)
    .filter((memory) => memory.folder === "there")
    .map((memory) => listedEni({ memory, primaryMac }))
    .filter((each) => "folder" in each);
}

/** That a MAC is not named any more says nothing: it vanishes while it is in use, too. */
function learnListed(
  knowledge: EniKnowledge,
  names: readonly string[],
  nowMs: number,
): EniKnowledge {
  const listed = new Set(names.map(parseMac));
  return Object.values(knowledge.memories)
    .filter(({ mac, listedMs }) => listedMs === null && listed.has(mac))
    .reduce((known, memory) => withMemory(known, rememberListed(memory, nowMs)), knowledge);
}

function learnOfEni(memory: EniMemory, heard: Heard, moment: Moment): EniMemory {
  const { question } = heard;
  const value = heard.kind === "value" ? heard.value : null;
  if (question.what === "leaf") {
    if (heard.kind === "trouble") return rememberTrouble(memory, question.name);
    return rememberLeaf(memory, question.name, value, moment);
  }
  if (heard.kind === "trouble") return memory;
  return rememberFolder(memory, value === null ? null : linesOf(value), moment);
}

function linesOf(value: LeafValue): readonly string[] {
  return typeof value === "string" ? [value] : value;
}

function withMemory(knowledge: EniKnowledge, memory: EniMemory): EniKnowledge {
  return { ...knowledge, memories: { ...knowledge.memories, [memory.mac]: memory } };
}
