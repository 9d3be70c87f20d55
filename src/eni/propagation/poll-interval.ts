import type { Observation } from "./request.ts";
import { backOffMs } from "../../model/back-off.ts";

const firstPollMs = 100;
const fastPollMs = 250;
const fastPollForMs = 30_000;
const slowPollMs = 2000;

/** A check of what is known already, beside four polls a second: five requests in all. */
export const checkIntervalMs = 1000;

/**
 * From the start of one poll to that of the next: quick at first, then four a second, and slow when
 * nothing new was heard for half a minute.
 */
export function pollIntervalMs(sinceChangeMs: number, polls: number): number {
  if (sinceChangeMs >= fastPollForMs) return slowPollMs;
  return Math.min(fastPollMs, firstPollMs * 1.5 ** Math.min(polls - 1, 10));
}

/**
 * How long to leave IMDS alone after polls of which the last `failed` came to trouble: it backs off
 * as a retry does, and as long as `Retry-After` asks; 0 where nothing failed.
 */
export function errorPauseMs(
  clock: { readonly random: () => number },
  failedPolls: number,
  observations: readonly Observation[],
): number {
  if (failedPolls === 0) return 0;
  const retryAfters = observations.map((each) =>
    each.kind === "error" ? (each.retryAfterMs ?? 0) : 0,
  );
  return Math.max(backOffMs(clock, failedPolls), ...retryAfters);
}
