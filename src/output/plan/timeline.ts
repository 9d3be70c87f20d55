import { formatMs } from "../../model/text.ts";
import type { HotplugNic, NicTimeline } from "../../model/hotplug.ts";

/** The reached stages: `listed 2.1 s, usable 3.4 s, applied 3.5 s, IPv6 8 s, settled 18 s`. */
export function describeTimeline(timeline: NicTimeline): string {
  const { listedMs, usableMs, appliedMs, ipv6Ms, settledMs } = timeline;
  const steps = [
    ["listed", listedMs],
    ["usable", usableMs],
    ["applied", appliedMs],
    ["IPv6", ipv6Ms],
    ["settled", settledMs],
  ] as const;
  return steps.flatMap(([what, ms]) => (ms === null ? [] : [`${what} ${formatMs(ms)}`])).join(", ");
}

/**
 * A NIC's times as they are printed. With `--settle 0` the metadata settles before it is applied,
 * so `settled` is raised to `applied`. A NIC that was left alone has no `applied`.
 */
export function adjustTimeline(nic: Pick<HotplugNic, "outcome" | "timeline">): NicTimeline {
  const { outcome, timeline } = nic;
  const { appliedMs, settledMs } = timeline;
  if (outcome === "skipped" || outcome === "kept") return { ...timeline, appliedMs: null };
  if (settledMs === null) return timeline;
  return { ...timeline, settledMs: Math.max(settledMs, appliedMs ?? 0) };
}
