import * as v from "valibot";
import type { HotplugSchedule } from "./hotplug-schedules.ts";
import { scheduleEnd } from "./schedule-end.ts";
import type { Ended } from "../machine/command.ts";
import type { TestInstance } from "../machine/vpc/instance.ts";
import { playSchedule } from "./play-schedule.ts";
import { untilAddresses } from "../machine/checks/until-addresses.ts";

const nullableMs = v.nullable(v.number());
const outputSchema = v.object({
  outcome: v.string(),
  elapsedMs: v.number(),
  nics: v.array(
    v.object({
      mac: v.string(),
      outcome: v.string(),
      timeline: v.object({ usableMs: nullableMs, appliedMs: nullableMs, settledMs: nullableMs }),
    }),
  ),
});
const logged = v.array(
  v.object({
    atMs: v.number(),
    method: v.string(),
    path: v.string(),
    status: v.nullable(v.number()),
    fault: v.nullable(v.string()),
  }),
);

/** The result of `hotplug add` on a schedule; times in milliseconds since the attachment. */
export interface ScheduleRun {
  /** The latest possible start of the run, from which its timeline counts. */
  readonly startedMs: number;
  readonly ended: Ended;
  /** Its `--json` output. */
  readonly json: v.InferOutput<typeof outputSchema>;
  readonly requests: v.InferOutput<typeof logged>;
  /** The results of `activate --check` and of `activate --json` afterwards. */
  readonly check: Ended;
  readonly again: Ended;
}

/** Attaches the NIC of a schedule, and runs what udev would run. */
export async function runSchedule(
  instance: TestInstance,
  schedule: HotplugSchedule,
  settleMs: number,
): Promise<ScheduleRun> {
  const { machine, vpc } = instance;
  const { eni, startMs, loggedMs, changed } = await playSchedule(instance, schedule);
  const add = ["hotplug", "add", "--nic", eni.nic, "--json", "--settle", `${settleMs}ms`];
  const ended = await machine.exec(["ec2nic", ...add]);
  const endedMs = Date.now() - startMs;
  const json = v.parse(outputSchema, JSON.parse(ended.stdout || "{}"));
  const all = v.parse(logged, await vpc.simulator.look("requests"));
  await changed;
  // DHCPv6 and duplicate address detection need time after the run
  await untilAddresses(machine, scheduleEnd(schedule).addresses);
  const requests = all.map((each) => ({ ...each, atMs: each.atMs - loggedMs }));
  return {
    startedMs: Math.min(requests[0]?.atMs ?? Infinity, endedMs - json.elapsedMs),
    ended,
    json,
    requests,
    check: await machine.exec(["ec2nic", "activate", "--check"]),
    again: await machine.exec(["ec2nic", "activate", "--json"]),
  };
}
