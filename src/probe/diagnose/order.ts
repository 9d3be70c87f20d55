import type { Verdict } from "../../model/probe.ts";

/**
 * The words of verdicts in the order in which their fixes are to be tried: IMDS that is off for the
 * whole instance; causes that were read from the kernel; NICs that are not set up; a gateway that is
 * perhaps wrong; and last the other options of the instance.
 */
const wordsInOrder: readonly (readonly Verdict["word"][])[] = [
  ["switched-off"],
  ["firewall", "prohibited", "rp-filter", "no-route"],
  ["down", "no-address"],
  ["no-neighbour"],
  ["hop-limit", "no-answer", "refused"],
];

/** Sorts problems: the one whose fix is to be tried first is the first; those without a fix last. */
export function orderProblems<T extends { readonly verdict: Verdict }>(
  problems: readonly T[],
): readonly T[] {
  const positionOf = ({ verdict: { word, fix } }: T): number => {
    const at = fix === null ? -1 : wordsInOrder.findIndex((words) => words.includes(word));
    return at === -1 ? wordsInOrder.length : at;
  };
  return problems.toSorted((left, right) => positionOf(left) - positionOf(right));
}
