import type { Peer } from "./peers/peer.ts";

/** The result of a scenario with one program. */
export interface Outcome {
  /** One figure for each heading of the scenario; null: not reached within the time limit. */
  readonly figures: readonly (number | null)[];
  /** Lines below the figures. */
  readonly remarks: readonly string[];
}

/** A scenario, which runs with each program in its own guest. */
export interface Scenario {
  readonly name: string;
  /** What happens, and the event from which times count. */
  readonly title: string;
  /** The headings of the figures; times are seconds of the guest's clock. */
  readonly headings: readonly string[];
  readonly run: (peer: Peer) => Promise<Outcome>;
}
