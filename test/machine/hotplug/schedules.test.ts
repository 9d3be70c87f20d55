import { beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
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

/** All of them, each as long as on EC2: minutes. Else some, in a fifth of their time. */
const isAll = process.env["SCHEDULES"] === "all";
const factor = isAll ? 1 : 0.2;
const everyday = [
  "complete from the start, with all there is",
  "device-number 0, then 3",
  "everything listed, but 404, one by one",
  "the MAC vanishing before it is whole",
  "a burst of 503",
  "IPv6 at 8 s, a prefix of each family at 12 s",
  "the second address at 6 s",
  "network-card late on a type with several",
] as const;
/** On two cores, that many leave each other in peace: each waits most of its time. */
const atOnce = 4;
/** Not all at one moment: what is measured is a wait for IMDS, not for a processor. */
const apartMs = 2000;
/** From the moment IMDS made it possible; a busy machine gets a little more. */
const firstUseMs = 300 + 150;
/**
 * Four polls and a look at what is known; and what an answer that was news makes worth asking: news
 * in a leaf that was read before does not show as such here.
 */
const perSecond = 5 + 2;
/** A leaf a second is read again. */
const rereadMs = 4000;

const missing = machineMissing();
const testMachine = testUnless(missing);
setDefaultTimeout(240_000);
beforeAll(async () => void (missing ?? (await rootFileSystem("bookworm"))), 600_000);

type Named = readonly [name: string, schedule: HotplugSchedule];

const chosen = Object.entries(hotplugSchedules)
  .filter(([name]) => isAll || everyday.some((each) => each === name))
  .map(([name, schedule]): Named => [name, scaleSchedule(schedule, factor)]);
const batches = Array.from({ length: Math.ceil(chosen.length / atOnce) }, (_, at) =>
  chosen.slice(at * atOnce, (at + 1) * atOnce),
);

/** All machines of a batch boot first, one by one; then their NICs are plugged in. */
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

/** Until the trouble's end: what was left alone for a while, 0.2, 0.4, 0.8 s by chance. */
function allowedMs({ possibleMs }: HotplugSchedule, { requests }: ScheduleRun): number {
  if (possibleMs !== null) return possibleMs;
  const struckMs = requests.findLast(({ fault }) => fault !== null)?.atMs;
  return (struckMs ?? requests[0]?.atMs ?? 0) + 800;
}

/**
 * The most requests within a second, while nothing new is heard and nothing is applied: of what was
 * asked before. Whether the machine still reaches IMDS, an activation asks with a token of its own.
 */
function mostWhileWaiting({ requests }: ScheduleRun): number {
  const isAgain = requests.map(({ method, path }, at) => {
    return requests.slice(0, at).some((each) => each.method === method && each.path === path);
  });
  const newsMs = requests.flatMap(({ atMs, method }, at) => {
    return isAgain[at] === true && method !== "PUT" ? [] : [atMs];
  });
  const waiting = requests.filter(({ atMs }) => {
    return !newsMs.some((ms) => ms > atMs - 1000 && ms < atMs + 1000);
  });
  const within = waiting.map(({ atMs }) => {
    return requests.filter((each) => each.atMs >= atMs && each.atMs < atMs + 1000).length;
  });
  return Math.max(0, ...within);
}

for (const batch of batches) {
  describe(`${batch.length} NICs, plugged into a machine each`, () => {
    let runs: ReadonlyMap<string, ScheduleRun> = new Map();
    beforeAll(async () => {
      if (missing === null) runs = await runBatch(batch);
    }, 240_000);

    for (const [name, schedule] of batch) {
      testMachine(name, async () => {
        const run = runs.get(name);
        if (run === undefined) throw new Error("its batch did not run");
        const { mac } = scheduleEnd(schedule);
        expect(run.ended).toMatchObject({ code: 0 });
        const nic = run.json.nics.find((each) => each.mac === mac);
        expect(nic?.outcome).toBe("configured");

        expect(run.check).toMatchObject({ code: 0, stdout: "no difference\n" });
        expect(JSON.parse(run.again.stdout)).toMatchObject({ outcome: "unchanged" });

        const usableMs = run.startedMs + (nic?.timeline.usableMs ?? Infinity);
        const possibleMs = Math.max(run.startedMs, allowedMs(schedule, run));
        expect(usableMs - possibleMs).toBeLessThanOrEqual(firstUseMs);
        const untilUsable = run.requests.filter(({ atMs }) => atMs < usableMs);
        if (schedule.possibleMs === 0) expect(untilUsable.length).toBeLessThanOrEqual(20);
        expect(mostWhileWaiting(run)).toBeLessThanOrEqual(perSecond);
        const appliedMs = (nic?.timeline.appliedMs ?? NaN) - (nic?.timeline.usableMs ?? NaN);
        console.log(
          `${name}: usable ${Math.round(usableMs - possibleMs)} ms after it was possible, ` +
            `applied ${Math.round(appliedMs)} ms later, ${untilUsable.length} requests, ` +
            `${run.requests.length} in all, ${mostWhileWaiting(run)} a second`,
        );
      });
    }
  });
}
