import type { HotplugSchedule } from "./hotplug-schedules.ts";
import type { TestInstance } from "../machine/vpc/instance.ts";
import type { AttachedEni } from "../machine/vpc/vpc.ts";

/** A schedule that has started on an instance. */
export interface StartedSchedule {
  readonly eni: AttachedEni;
  /** When IMDS got the ENI, in milliseconds since 1970. */
  readonly startMs: number;
  /** Resolves after the last change; rejects where one failed. */
  readonly changed: Promise<unknown>;
}

/**
 * Attaches the NIC of a schedule to the machine, and then adds the ENI to IMDS: the times of the
 * schedule count from that moment.
 */
export async function playSchedule(
  { machine, vpc }: Pick<TestInstance, "machine" | "vpc">,
  { eni: spec, changes = [], faults = [] }: HotplugSchedule,
): Promise<StartedSchedule> {
  const { order } = vpc.simulator;
  const eni = await vpc.attach(machine, spec, { metadata: false });
  await order("clear-requests", {});
  for (const rule of faults) await order("fault", rule);
  const startMs = Date.now();
  await order("attach", spec);
  const change = async ({ afterMs, ...what }: (typeof changes)[number]): Promise<void> => {
    await Bun.sleep(Math.max(0, startMs + afterMs - Date.now()));
    for (const [name, body] of Object.entries(what)) await order(name, body);
  };
  return { eni, startMs, changed: Promise.all(changes.map(change)) };
}
