import { type EniSpec, eni as completeEni } from "../../../scripts/simulator/scenario/eni-spec.ts";
import type { HotplugSchedule } from "./hotplug-schedules.ts";

/** The ENI at the end of a schedule, when all its values are known. */
export interface ScheduleEnd {
  readonly mac: string;
  readonly card: number;
  readonly device: number;
  readonly addresses: readonly string[];
  /** The delegated prefixes. */
  readonly prefixes: readonly string[];
}

export function scheduleEnd({ eni }: HotplugSchedule): ScheduleEnd {
  const { mac, card = 0, device, ipv4, ipv6, ipv4Prefixes, ipv6Prefixes } = completeEni(eni);
  const prefixes = [...ipv4Prefixes, ...ipv6Prefixes];
  return { mac, card, device, addresses: [...ipv4, ...ipv6], prefixes };
}

/** The ENIs before the schedule, with IPv6: packets that leave through the wrong NIC are lost then. */
export function attachedBefore({ before = [{ device: 0 }] }: HotplugSchedule): readonly EniSpec[] {
  return before.map((spec) => ({ dualStack: true, ...spec }));
}
