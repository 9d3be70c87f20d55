import { describeMs } from "../../model/text.ts";
import { type Heard, isTrouble } from "./request.ts";
import type { WatchedEni } from "./nic.ts";

/** Who is waited for, for a person: short, for a line has 80 columns, and why comes behind it. */
export function whoWaits(
  waiters: readonly WatchedEni[],
  nameOf: (mac: string) => string | null,
): string {
  const [first, ...others] = waiters;
  if (first === undefined) return "nobody";
  const name = nameOf(first.mac) ?? `eni for ${first.mac}`;
  return others.length === 0 ? name : `${name} and ${others.length} more`;
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
