import type { HotplugNic, NicTimeline } from "../../model/hotplug-nic.ts";

/**
 * A NIC's times as they are told. What is applied is applied after IMDS has said the last word where
 * nobody waits for more, and a NIC is settled when it is done; of a NIC that was left alone nothing
 * was applied.
 */
export function toldTimeline({
  outcome,
  timeline,
}: Pick<HotplugNic, "outcome" | "timeline">): NicTimeline {
  const { appliedMs, settledMs } = timeline;
  if (outcome === "skipped" || outcome === "kept") return { ...timeline, appliedMs: null };
  if (settledMs === null) return timeline;
  return { ...timeline, settledMs: Math.max(settledMs, appliedMs ?? 0) };
}
