import { describeMs } from "../../model/duration.ts";
import type { NicTimeline } from "../../model/hotplug-nic.ts";

/** `listed 2.1 s, usable 3.4 s, applied 3.5 s, IPv6 8 s, settled 18 s`; what never came is left out. */
export function describeTimeline(timeline: NicTimeline): string {
  const { listedMs, usableMs, appliedMs, ipv6Ms, settledMs } = timeline;
  const steps = [
    ["listed", listedMs],
    ["usable", usableMs],
    ["applied", appliedMs],
    ["IPv6", ipv6Ms],
    ["settled", settledMs],
  ] as const;
  return steps
    .flatMap(([what, ms]) => (ms === null ? [] : [`${what} ${describeMs(ms)}`]))
    .join(", ");
}
