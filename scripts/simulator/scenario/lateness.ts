/**
 * When a key appears, in milliseconds since the start or since the attachment. It simulates the
 * propagation of a hot-plugged ENI. A number: the key is neither listed nor readable until then.
 */
export type Late = number | LateRule;

/** A late key that is already listed or readable before its time. */
export interface LateRule {
  readonly afterMs: number;
  /** The key is already listed, but reading it is still a 404. */
  readonly listed?: boolean;
  /** The key already has this value: `device-number` reads `0` before it has propagated. */
  readonly before?: string | readonly string[];
}

export interface Lateness extends LateRule {
  readonly dueMs: number;
}

/** Adds the moment on the simulator's clock at which the key appears. */
export function lateness(late: Late, sinceMs: number): Lateness {
  const rule = typeof late === "number" ? { afterMs: late } : late;
  return { ...rule, dueMs: sinceMs + rule.afterMs };
}
