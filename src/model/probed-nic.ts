import type { LinkState } from "./link-state.ts";
import type { PathFacts } from "./probe-facts.ts";
import type { Verdict } from "./verdict.ts";
import type { WayProbe } from "./way-probe.ts";

/** A NIC, what was asked through it, and what is the matter. */
export interface ProbedNic {
  readonly link: LinkState;
  /** 1 is the best; null: IMDS is not asked through it. */
  readonly rank: number | null;
  /** What the rank comes from, or why there is none. */
  readonly reason: string;
  readonly ways: readonly ProbedWay[];
  readonly verdict: Verdict;
}

export interface ProbedWay {
  readonly probe: WayProbe;
  readonly path: PathFacts;
  readonly verdict: Verdict;
}

/** The kernel's own routing, which programs that bind to no NIC go by. */
export interface ProbedKernel {
  /** The link that it leads through; null: not known. */
  readonly link: string | null;
  readonly ways: readonly ProbedWay[];
  readonly verdict: Verdict;
}
