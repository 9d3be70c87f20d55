import { beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import { machineLimitMs } from "../../kit/machine/machine-test.ts";
import { type HotplugSchedule, hotplugSchedules } from "../../kit/propagation/hotplug-schedules.ts";
import { images } from "../../kit/machine/images.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { rootFileSystem } from "../../kit/machine/root-file-system.ts";
import { runSchedule, type ScheduleRun } from "../../kit/propagation/run-schedule.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { longestQuietMs, scaleSchedule } from "../../kit/propagation/scale-schedule.ts";
import { attachedBefore, scheduleEnd } from "../../kit/propagation/schedule-end.ts";
import { testUnless } from "../../kit/basics/skip.ts";

/** `SCHEDULES=all`: all schedules, as long as on EC2 (minutes); else some, in a fifth of the time. */
const isAll = process.env["SCHEDULES"] === "all";
const factor = isAll ? 1 : 0.2;
const defaultSchedules = [
  "complete from the start, with all there is",
  "device-number 0, then 3",
  "everything listed, but 404, one by one",
  "the MAC vanishing before it is complete",
  "a burst of 503",
  "IPv6 at 8 s, a prefix of each family at 12 s",
  "the second address at 6 s",
  "network-card late on a type with several",
] as const;
/** How many machines run at the same time; they wait most of the time, so two cores are enough. */
const atOnce = 4;
/** The time between the starts of two machines, so that runs do not wait for a processor. */
const apartMs = 500;
/**
 * The longest time from when IMDS has the metadata until the NIC is usable: ten times the 300 ms that
 * `fuzz/propagation-schedules.test.ts` proves for the same schedules on a clock of its own.
 */
const firstUseMs = 3000;
/** How long it takes until all known leaves are read again, one per second. */
const rereadMs = 4000;

const missing = machineMissing();
const testMachine = testUnless(missing);
setDefaultTimeout(machineLimitMs);
beforeAll(async () => void (missing ?? (await rootFileSystem("bookworm"))), machineLimitMs);

type Named = readonly [name: string, schedule: HotplugSchedule];

const chosen = Object.entries(hotplugSchedules)
  .filter(([name]) => isAll || defaultSchedules.some((each) => each === name))
  .map(([name, schedule]): Named => [name, scaleSchedule(schedule, factor)]);
const batches = Array.from({ length: Math.ceil(chosen.length / atOnce) }, (_, at) =>
  chosen.slice(at * atOnce, (at + 1) * atOnce),
);

/** Boots all machines of a batch, one by one; then plugs their NICs in. */
async function runBatch(batch: readonly Named[]): Promise<ReadonlyMap<string, ScheduleRun>> {
  await using machines = new AsyncDisposableStack();
  const ready: (readonly [string, () => Promise<ScheduleRun>])[] = [];
  for (const [at, [name, schedule]] of batch.entries()) {
    const backends = Object.values(images);
    const instance = await startInstance({
      ...backends[at % backends.length],
      enis: attachedBefore(schedule),
    });
    machines.use(instance);
    await untilAddresses(instance.machine, ["10.0.0.10"]);
    await instance.machine.run(["ec2nic", "activate"]);
    await untilAddresses(instance.machine, ["10.0.0.10", "2600:1f14:ec2:100::10"]);
    ready.push([name, () => runSchedule(instance, schedule, settleOf(schedule))]);
  }
  const runs = ready.map(async ([name, run], at) => {
    await Bun.sleep(at * apartMs);
    return [name, await run()] as const;
  });
  return new Map(await Promise.all(runs));
}

function settleOf(schedule: HotplugSchedule): number {
  const hiddenMs = schedule.isHidden ? rereadMs : 0;
  return Math.max(1200, longestQuietMs(schedule) + 1000) + hiddenMs;
}

/** When the NIC can be usable: after the last fault, plus the longest delay of a retry (0.8 s). */
function earliestUsableMs({ possibleMs }: HotplugSchedule, { requests }: ScheduleRun): number {
  if (possibleMs !== null) return possibleMs;
  const lastFaultMs = requests.findLast(({ fault }) => fault !== null)?.atMs;
  return (lastFaultMs ?? requests[0]?.atMs ?? 0) + 800;
}

for (const batch of batches) {
  describe(`${batch.length} NICs, each plugged into its own machine`, () => {
    let runs: ReadonlyMap<string, ScheduleRun> = new Map();
    beforeAll(async () => {
      if (missing === null) runs = await runBatch(batch);
    });

    for (const [name, schedule] of batch) {
      testMachine(`a NIC is configured in time: ${name}`, async () => {
        const run = runs.get(name);
        if (run === undefined) throw new Error(`the batch of "${name}" did not run`);
        const { mac } = scheduleEnd(schedule);
        expect(run.ended).toMatchObject({ code: 0 });
        const nic = run.json.nics.find((each) => each.mac === mac);
        expect(nic?.outcome).toBe("configured");

        expect(run.check).toMatchObject({ code: 0, stdout: "no difference\n" });
        expect(JSON.parse(run.again.stdout)).toMatchObject({ outcome: "unchanged" });

        const usableMs = run.startedMs + (nic?.timeline.usableMs ?? Infinity);
        const possibleMs = Math.max(run.startedMs, earliestUsableMs(schedule, run));
        expect(usableMs - possibleMs).toBeLessThanOrEqual(firstUseMs);
        const requestsBefore = run.requests.filter(({ atMs }) => atMs < usableMs);
        if (schedule.possibleMs === 0) expect(requestsBefore.length).toBeLessThanOrEqual(20);
        const appliedMs = (nic?.timeline.appliedMs ?? NaN) - (nic?.timeline.usableMs ?? NaN);
        console.log(
          `${name}: usable ${Math.round(usableMs - possibleMs)} ms after it was possible, ` +
            `applied ${Math.round(appliedMs)} ms later, ${requestsBefore.length} requests, ` +
            `${run.requests.length} in all`,
        );
      });
    }
  });
}
