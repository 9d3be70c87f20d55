import { type EniSpec, eni as whole } from "../../../scripts/simulator/scenario/eni-spec.ts";
import type { HotplugSchedule } from "./hotplug-schedules.ts";

/** What a schedule ends with: what the ENI has when all of it is known. */
export interface ScheduleEnd {
  readonly mac: string;
  readonly card: number;
  readonly device: number;
  readonly addresses: readonly string[];
  /** Delegated. */
  readonly prefixes: readonly string[];
}

export function scheduleEnd({ eni }: HotplugSchedule): ScheduleEnd {
  const { mac, card = 0, device, ipv4, ipv6, ipv4Prefixes, ipv6Prefixes } = whole(eni);
  const prefixes = [...ipv4Prefixes, ...ipv6Prefixes];
  return { mac, card, device, addresses: [...ipv4, ...ipv6], prefixes };
}

/** With IPv6 on the primary: packets of another NIC that leave by the wrong one are lost then. */
export function attachedBefore({ before = [{ device: 0 }] }: HotplugSchedule): readonly EniSpec[] {
  return before.map((spec) => ({ dualStack: true, ...spec }));
}
