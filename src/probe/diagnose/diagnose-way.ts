import type { LinkState } from "../../model/link-state.ts";
import type { Verdict } from "../../model/verdict.ts";
import { diagnoseAnswer } from "./diagnose-answer.ts";
import { diagnosePath } from "./diagnose-path.ts";
import { connectOutcome, type ExaminedWay } from "./evidence.ts";
import { shellWord } from "../../model/diagnose-shell-word.ts";

/** What is the matter with a way to IMDS, and what mends it. */
export function diagnoseWay(way: ExaminedWay): Verdict {
  if (connectOutcome(way) === "ok") return diagnoseAnswer(way) ?? diagnosePath(way);
  return (way.link === null ? null : diagnoseLink(way.link)) ?? diagnosePath(way);
}

/** A link that is down, or leads nowhere, needs no further question; null: it is well. */
export function diagnoseLink({ name, isUp, hasCarrier }: LinkState): Verdict | null {
  if (!isUp) {
    return { word: "down", text: "it is down", mend: [`ip link set dev ${shellWord(name)} up`] };
  }
  if (hasCarrier) return null;
  const text = "it is up but has no carrier: nothing is at the other end";
  return { word: "no-carrier", text, mend: null };
}
