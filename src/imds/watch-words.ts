import { describeMs } from "../net/duration.ts";
import { type Heard, isTrouble } from "./eni-question.ts";
import type { WatchedEni } from "./watched-eni.ts";

/** Who is waited for, for a person. */
export function nameOf(waiters: readonly WatchedEni[]): string {
  const [first, ...others] = waiters;
  return others.length === 0 ? `eni for ${first?.mac}` : `${others.length + 1} enis`;
}

/** Why the first of them is not over yet: IMDS's trouble, or what it does not say. */
export function reasonOf(
  waiters: readonly WatchedEni[],
  heard: readonly Heard[],
  settleMs: number,
): string {
  const trouble = heard.find(isTrouble);
  if (trouble !== undefined) return trouble.failure.message;
  const quiet = `usable; done when nothing changes for ${describeMs(settleMs)}`;
  const reasons = waiters.map(({ verdict }) => {
    if ("reason" in verdict) return verdict.reason;
    return verdict.state === "usable" ? (verdict.missing[0] ?? verdict.hints[0] ?? quiet) : "";
  });
  return reasons[0] ?? "";
}
