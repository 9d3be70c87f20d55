import type { EniSpec, FullEni } from "./scenario/eni-spec.ts";
import type { FaultRule } from "./faults/fault.ts";
import type { Late } from "./scenario/lateness.ts";
import type { RateLimitSpec } from "./faults/rate-limit.ts";
import type { LoggedRequest } from "./service/request-log.ts";
import type { Leaf, Tree } from "./metadata/tree.ts";

/** A running simulator. Keys and paths are as in a scenario. */
export interface Simulator {
  /** The first of `urls`, without a slash at the end. */
  readonly url: string;
  readonly urls: readonly string[];
  /** In the order in which they came; those to `/_simulator/` are not there. */
  readonly requests: readonly LoggedRequest[];
  /** What time it is, as `requests` count it: milliseconds since the start. */
  readonly nowMs: number;
  /** How many requests fit `METHOD PATH`, in which `*` is any run of characters. */
  readonly count: (pattern: string) => number;
  /** Connections accepted so far. */
  readonly connections: number;
  /** The highest number of connections open at the same time. */
  readonly maxConnections: number;
  /** The highest number of requests that waited for their answer at the same time. */
  readonly maxInFlight: number;

  readonly attach: (spec: EniSpec) => FullEni;
  readonly detach: (mac: string, options?: { readonly lingerMs?: number }) => void;
  readonly set: (path: string, value: Leaf | Tree) => void;
  /** Whether it was there. */
  readonly remove: (path: string) => boolean;
  /** From now on. */
  readonly late: (path: string, late: Late) => void;
  /** Its window counts from now; `refuse` is in force when this returns. */
  readonly addFault: (rule: FaultRule) => void;
  /** Faults, refusals and the rate limit end. */
  readonly clearFaults: () => Promise<void>;
  readonly setRateLimit: (spec: RateLimitSpec | null) => void;
  /** Every token given so far is answered with 401. */
  readonly expireTokens: () => void;
  /** Forgets the requests; `maxInFlight` starts again. */
  readonly clearRequests: () => void;
  /** Resets every connection and frees the ports. */
  readonly stop: () => Promise<void>;
  /** `await using simulator = await startSimulator()` stops it at the end of the block. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}
