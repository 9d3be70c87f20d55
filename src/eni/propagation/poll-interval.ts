import { isErrorObservation, type Observation } from "./request.ts";
import { backOffMs } from "../../model/retry-delay.ts";

const firstPollMs = 100;
const fastPollMs = 250;
const fastPollForMs = 30_000;
const slowPollMs = 2000;

/** Known values are checked once a second. With four polls these are five requests per second. */
export const checkIntervalMs = 1000;

/**
 * The time from the start of one poll to the next, in ms. It is short at first, then a quarter of a
 * second, and two seconds if nothing changed for half a minute.
 */
export function pollIntervalMs(sinceChangeMs: number, polls: number): number {
  if (sinceChangeMs >= fastPollForMs) return slowPollMs;
  return Math.min(fastPollMs, firstPollMs * 1.5 ** Math.min(polls - 1, 10));
}

/** The pause in ms after failed polls: the back-off, at least `Retry-After`; 0 if none failed. */
export function errorPauseMs(
  clock: { readonly random: () => number },
  failedPolls: number,
  observations: readonly Observation[],
): number {
  if (failedPolls === 0) return 0;
  const pauses = observations.filter(isErrorObservation).map((each) => each.retryAfterMs ?? 0);
  return Math.max(backOffMs(clock, failedPolls), ...pauses);
}
