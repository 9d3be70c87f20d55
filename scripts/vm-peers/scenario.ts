import type { Peer } from "./peers/peer.ts";

/** What one peer made of a scenario. */
export interface Outcome {
  /** One for each of the scenario's heads; null: never, within the limit. */
  readonly figures: readonly (number | null)[];
  /** What has to be said beside the figures; empty: nothing. */
  readonly words: readonly string[];
}

/** The same happens to each peer, in a guest of its own. */
export interface Scenario {
  readonly name: string;
  /** What happens, and what the times count from. */
  readonly title: string;
  /** Of its figures: times are in seconds as the guest counts. */
  readonly heads: readonly string[];
  readonly run: (peer: Peer) => Promise<Outcome>;
}
