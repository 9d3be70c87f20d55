import type { EniSpec, FullEni } from "./scenario/eni-spec.ts";
import type { FaultRule } from "./faults/fault.ts";
import type { Late } from "./scenario/lateness.ts";
import type { RateLimitSpec } from "./faults/rate-limit.ts";
import type { LoggedRequest } from "./service/request-log.ts";
import type { Leaf, Tree } from "./metadata/tree.ts";

/** A running simulator. Keys and paths are as in a scenario. */
export interface Simulator {
  /** The first of `urls`, without a trailing slash. */
  readonly url: string;
  readonly urls: readonly string[];
  /** In the order of arrival, without those to `/_simulator/`. */
  readonly requests: readonly LoggedRequest[];
  /** The time in milliseconds since the start; `atMs` in `requests` uses the same clock. */
  readonly nowMs: number;
  /** How many requests match the pattern `METHOD PATH`; `*` matches any characters. */
  readonly count: (pattern: string) => number;
  /** Connections accepted so far. */
  readonly connections: number;
  /** The highest number of connections open at the same time. */
  readonly maxConnections: number;
  /** The highest number of requests that waited for their reply at the same time. */
  readonly maxInFlight: number;

  readonly attach: (spec: EniSpec) => FullEni;
  readonly detach: (mac: string, options?: { readonly lingerMs?: number }) => void;
  readonly set: (path: string, value: Leaf | Tree) => void;
  /** Returns whether the key existed. */
  readonly remove: (path: string) => boolean;
  /** The time counts from now. */
  readonly late: (path: string, late: Late) => void;
  /** Its times count from now; `refuse` is active when this returns. */
  readonly addFault: (rule: FaultRule) => void;
  /** Ends all faults, refusals and the rate limit. */
  readonly clearFaults: () => Promise<void>;
  readonly setRateLimit: (spec: RateLimitSpec | null) => void;
  /** Every token issued so far is answered with 401. */
  readonly expireTokens: () => void;
  /** Empties `requests` and resets `maxInFlight`. */
  readonly clearRequests: () => void;
  /** Resets every connection and frees the ports. */
  readonly stop: () => Promise<void>;
  /** For `await using`: stops the simulator at the end of the block. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}
