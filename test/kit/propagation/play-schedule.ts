import * as v from "valibot";
import type { HotplugSchedule } from "./hotplug-schedules.ts";
import type { TestInstance } from "../machine/vpc/instance.ts";
import type { AttachedEni } from "../machine/vpc/vpc.ts";

const counts = v.object({ nowMs: v.number() });

/** A schedule that has begun on an instance. */
export interface StartedSchedule {
  readonly eni: AttachedEni;
  /** When the metadata service was told of the ENI, since 1970, in milliseconds. */
  readonly startMs: number;
  /** The same moment on the clock of the simulator's log. */
  readonly loggedMs: number;
  /** Resolves when the last change has been made; rejects where one could not be. */
  readonly changed: Promise<unknown>;
}

/**
 * Plugs the schedule's NIC into the machine, and when it is there tells the metadata service of it:
 * what is late counts from that moment. Of the requests, only those from then on are in the
 * simulator's log.
 */
export async function playSchedule(
  { machine, vpc }: Pick<TestInstance, "machine" | "vpc">,
  { eni: spec, changes = [], faults = [] }: HotplugSchedule,
): Promise<StartedSchedule> {
  const { order } = vpc.simulator;
  const eni = await vpc.attach(machine, spec, { metadata: false });
  await order("clear-requests", {});
  for (const rule of faults) await order("fault", rule);
  const { nowMs: loggedMs } = v.parse(counts, await vpc.simulator.look("counts"));
  const startMs = Date.now();
  await order("attach", spec);
  const change = async ({ afterMs, ...what }: (typeof changes)[number]): Promise<void> => {
    await Bun.sleep(Math.max(0, startMs + afterMs - Date.now()));
    for (const [name, body] of Object.entries(what)) await order(name, body);
  };
  return { eni, startMs, loggedMs, changed: Promise.all(changes.map(change)) };
}
