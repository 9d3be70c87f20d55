import type { Heard } from "./request.ts";
import { backOffMs } from "../../model/back-off.ts";

const firstPauseMs = 100;
const eagerPauseMs = 250;
const eagerForMs = 30_000;
const patientPauseMs = 2000;

/** A check of what is known already, beside four polls a second: five requests in all. */
export const checkEveryMs = 1000;

/**
 * From the start of one poll to that of the next: quick at first, then four a second, and slow when
 * nothing new was heard for half a minute.
 */
export function pollMs(sinceNewsMs: number, polls: number): number {
  if (sinceNewsMs >= eagerForMs) return patientPauseMs;
  return Math.min(eagerPauseMs, firstPauseMs * 1.5 ** Math.min(polls - 1, 10));
}

/**
 * How long to leave IMDS alone after polls of which the last `failed` came to trouble: it backs off
 * as a retry does, and as long as `Retry-After` asks; 0 where nothing failed.
 */
export function reliefMs(
  clock: { readonly random: () => number },
  failed: number,
  heard: readonly Heard[],
): number {
  if (failed === 0) return 0;
  const asked = heard.map((each) => (each.kind === "trouble" ? (each.retryAfterMs ?? 0) : 0));
  return Math.max(backOffMs(clock, failed), ...asked);
}
