import type { LinkState } from "../../model/link-state.ts";
import type { ProbedWay } from "../../model/probed-nic.ts";
import type { Verdict, VerdictWord } from "../../model/verdict.ts";
import { diagnoseLink } from "./diagnose-way.ts";

/** Somebody answered: that says more than a way on which nobody did. */
const answered: readonly VerdictWord[] = [
  "switched-off",
  "throttled",
  "trouble",
  "hop-limit",
  "silent",
  "not-imds",
];

/** Over IPv6 these are normal on EC2, and no reason to look there first. */
const quiet: readonly VerdictWord[] = ["no-address", "no-route"];

/** What is the matter with a NIC, or with the kernel's routing (`null`), as one. */
export function diagnoseNic(link: LinkState | null, ways: readonly ProbedWay[]): Verdict {
  const verdicts = ways.map(({ verdict }) => verdict);
  const reached = verdicts.find(({ word }) => word === "reached");
  if (reached !== undefined) return link === null ? reached : unlessLent(reached, link);
  const ofLink = link === null ? null : diagnoseLink(link);
  if (ofLink !== null) return ofLink;
  const said = verdicts.find(({ word }) => answered.includes(word));
  const loud = verdicts.find(({ word }) => !quiet.includes(word));
  const [first] = verdicts;
  return said ?? (first?.word === "no-address" ? loud : first) ?? first ?? notAsked;
}

/** Reached by a lease that is gone by now: the NIC itself has no address. */
function unlessLent(reached: Verdict, { addresses }: LinkState): Verdict {
  if (!addresses.some(({ isTemporary }) => isTemporary)) return reached;
  return {
    ...reached,
    text: `${reached.text}; by a lease for the asking: it has no address of its own`,
  };
}

const notAsked: Verdict = {
  word: "not-asked",
  text: "no endpoint is asked through it",
  mend: null,
};
