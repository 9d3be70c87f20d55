import { Failure } from "../../exit.ts";
import { type MetadataPath } from "../../model/metadata.ts";
import type { LeafValue } from "./memory.ts";

/** One request about ENIs that were plugged in. `cards`: the listing of the primary's folder. */
export type Question =
  | { readonly what: "macs" | "mac" }
  | { readonly what: "folder" | "cards"; readonly mac: string }
  | { readonly what: "leaf"; readonly mac: string; readonly name: string };

/** What one look came to; trouble says nothing of what was asked for. */
export type Heard =
  | { readonly question: Question; readonly kind: "value"; readonly value: LeafValue }
  | { readonly question: Question; readonly kind: "absent" }
  | {
      readonly question: Question;
      readonly kind: "trouble";
      /** What the run ends with when nothing better is ever heard. */
      readonly failure: Failure;
      readonly retryAfterMs: number | null;
      /** It ended because the run's time did: that says little of IMDS. */
      readonly isCutByDeadline: boolean;
      /** It was tried again as often as may be: without a token nothing can be asked. */
      readonly isSpent: boolean;
    };

export type HeardTrouble = Extract<Heard, { kind: "trouble" }>;

export function isTrouble(heard: Heard): heard is HeardTrouble {
  return heard.kind === "trouble";
}

export const macsPath = ["meta-data", "network", "interfaces", "macs"];

/** Unique, for whoever remembers what was asked. */
export function nameOfQuestion(question: Question): string {
  return `${question.what} ${pathOf(question).join("/")}`;
}

export function pathOf(question: Question): MetadataPath {
  if (!("mac" in question)) return question.what === "mac" ? ["meta-data", "mac"] : macsPath;
  const folder = [...macsPath, question.mac];
  return question.what === "leaf" ? [...folder, question.name] : folder;
}
