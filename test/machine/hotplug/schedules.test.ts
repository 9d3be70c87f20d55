import { beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import { machineLimitMs } from "../../kit/machine/machine-test.ts";
import { type HotplugSchedule, hotplugSchedules } from "../../kit/propagation/hotplug-schedules.ts";
import { images } from "../../kit/machine/images.ts";
import { startInstance, type TestInstance } from "../../kit/machine/vpc/instance.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { rootFileSystem } from "../../kit/machine/root-file-system.ts";
import type { Ended } from "../../kit/machine/command.ts";
import { playSchedule } from "../../kit/propagation/play-schedule.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { longestQuietMs, scaleSchedule } from "../../kit/propagation/scale-schedule.ts";
import { attachedBefore, scheduleEnd } from "../../kit/propagation/schedule-end.ts";
import { testUnless } from "../../kit/basics/skip.ts";

/**
 * `SCHEDULES=all`: all schedules, as long as on EC2 (minutes); else some, in a fifth of the time.
 * How soon a NIC is usable, and after how many requests, `fuzz/propagation-schedules.test.ts` tests.
 */
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
    ready.push([name, () => runSchedule(instance, schedule)]);
  }
  const runs = ready.map(async ([name, run]) => [name, await run()] as const);
  return new Map(await Promise.all(runs));
}

function settleOf(schedule: HotplugSchedule): number {
  const hiddenMs = schedule.isHidden ? rereadMs : 0;
  return Math.max(1200, longestQuietMs(schedule) + 1000) + hiddenMs;
}

interface ScheduleRun {
  readonly added: Ended;
  /** The results of `activate --check` and of `activate --json` afterwards. */
  readonly check: Ended;
  readonly again: Ended;
}

/** Attaches the NIC of a schedule, and runs what udev would run. */
async function runSchedule(
  instance: TestInstance,
  schedule: HotplugSchedule,
): Promise<ScheduleRun> {
  const { machine } = instance;
  const { eni, changed } = await playSchedule(instance, schedule);
  const settle = ["--settle", `${settleOf(schedule)}ms`];
  const argv = ["ec2nic", "hotplug", "add", "--nic", eni.nic, "--json", ...settle];
  const added = await machine.exec(argv);
  await changed;
  // DHCPv6 and duplicate address detection need time after the run
  await untilAddresses(machine, scheduleEnd(schedule).addresses);
  const check = await machine.exec(["ec2nic", "activate", "--check"]);
  return { added, check, again: await machine.exec(["ec2nic", "activate", "--json"]) };
}

for (const batch of batches) {
  describe(`${batch.length} NICs, each plugged into its own machine`, () => {
    let runs: ReadonlyMap<string, ScheduleRun> = new Map();
    beforeAll(async () => {
      if (missing === null) runs = await runBatch(batch);
    });

    for (const [name, schedule] of batch) {
      testMachine(`a NIC is configured: ${name}`, async () => {
        const { added, check, again } = runs.get(name) ?? expect.unreachable();
        expect(added).toMatchObject({ code: 0 });
        expect(JSON.parse(added.stdout).nics).toContainEqual(
          expect.objectContaining({ mac: scheduleEnd(schedule).mac, outcome: "configured" }),
        );
        expect(check).toMatchObject({ code: 0, stdout: "no difference\n" });
        expect(JSON.parse(again.stdout)).toMatchObject({ outcome: "unchanged" });
      });
    }
  });
}
