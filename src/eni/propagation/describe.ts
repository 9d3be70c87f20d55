import { formatMs } from "../../model/text.ts";
import { type Observation, isErrorObservation } from "./request.ts";
import type { EniProgress } from "./eni-progress.ts";

/** The awaited NICs, for people. The text is short, because the reason follows on the same line. */
export function describePending(
  pending: readonly EniProgress[],
  nameOf: (mac: string) => string | null,
): string {
  const [first, ...others] = pending;
  if (first === undefined) return "no NIC";
  const name = nameOf(first.mac) ?? `ENI for ${first.mac}`;
  return others.length === 0 ? name : `${name} and ${others.length} more`;
}

/** Why the first pending NIC is not done: the error of IMDS, or what IMDS does not list yet. */
export function pendingReason(
  pending: readonly EniProgress[],
  observations: readonly Observation[],
  settleMs: number,
): string {
  const error = observations.find(isErrorObservation);
  if (error !== undefined) return error.failure.message;
  const classification = pending[0]?.classification;
  if (classification === undefined || classification.state === "settled") return "";
  if (classification.state !== "usable") return classification.reason;
  const settlingReason = `usable; done when nothing changes for ${formatMs(settleMs)}`;
  return classification.missing[0] ?? classification.hints[0] ?? settlingReason;
}
