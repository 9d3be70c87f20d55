/**
 * How a path stays away at first, in milliseconds since the start or since the attachment: what a
 * hot-plugged ENI looks like until it has propagated.
 */
export type Late = number | LateRule;

export interface LateRule {
  readonly afterMs: number;
  /** Named in its folder's listing already, while reading it is still a 404. */
  readonly listed?: boolean;
  /** There already, with this value: `device-number` reads `0` before it has propagated. */
  readonly before?: string | readonly string[];
}

export interface Lateness extends LateRule {
  readonly dueMs: number;
}

/** A late rule with its moment on the simulator's clock. */
export function lateness(late: Late, sinceMs: number): Lateness {
  const rule = typeof late === "number" ? { afterMs: late } : late;
  return { ...rule, dueMs: sinceMs + rule.afterMs };
}
