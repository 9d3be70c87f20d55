import type { HotplugSchedule } from "../../../test/kit/propagation/hotplug-schedules.ts";
import { watchAnswers } from "../../../test/kit/machine/checks/answers.ts";
import { type TestInstance, startInstance } from "../../../test/kit/machine/vpc/instance.ts";
import { playSchedule } from "../../../test/kit/propagation/play-schedule.ts";
import { untilAddresses } from "../../../test/kit/machine/checks/until-addresses.ts";
import { attachedBefore } from "../../../test/kit/propagation/schedule-end.ts";
import type { Contender } from "./contender.ts";
import { forgetCommands, hostWideCommands, notedPrograms } from "./host-wide.ts";
import { type Wanted, wantedOf } from "./wanted.ts";
import { whyLost } from "./why-lost.ts";

/** How long is looked, from the attachment on: all of them have looked again by then. */
export const lookMs = 40_000;

/** What one contender made of one schedule; times since the attachment. */
export interface Trial {
  readonly outcome: string;
  /** When the first of the wanted addresses was answered from; null: none was. */
  readonly firstMs: number | null;
  /** When the last of them was; null: not all were, or not any more. */
  readonly wholeMs: number | null;
  readonly requests: number;
  readonly hostWide: readonly string[];
}

/** A machine on which a contender waits for the schedule's NIC. */
export interface ReadyTrial {
  readonly run: () => Promise<Trial>;
  readonly stop: () => Promise<void>;
}

/** Boots the machine; `run` plugs the NIC in: all contenders' at the same time. */
export async function readyTrial(
  contender: Contender,
  schedule: HotplugSchedule,
): Promise<ReadyTrial> {
  const files = { ...contender.machine.files, ...notedPrograms };
  const enis = attachedBefore(schedule);
  const instance = await startInstance({ ...contender.machine, files, enis, suite: "trixie" });
  const { machine, stop } = instance;
  const wanted = wantedOf(schedule);
  try {
    await contender.prepare(instance);
    await untilAddresses(machine, ["10.0.0.10", "2600:1f14:ec2:100::10"]);
    for (const { address, isContainer } of wanted) {
      if (isContainer) await machine.run(["ip", "address", "add", address, "dev", "lo"]);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { run: () => watchTrial(instance, { contender, schedule, wanted }), stop };
}

interface TrialPlan {
  readonly contender: Contender;
  readonly schedule: HotplugSchedule;
  readonly wanted: readonly Wanted[];
}

async function watchTrial(
  instance: TestInstance,
  { contender, schedule, wanted }: TrialPlan,
): Promise<Trial> {
  const { machine, vpc } = instance;
  await forgetCommands(machine);
  const { eni, startMs, changed } = await playSchedule(instance, schedule);
  const answers = watchAnswers(
    instance,
    wanted.map(({ address }) => address),
  );
  const said = await contender.plugged(instance, eni.nic);
  await changed;
  await Bun.sleep(Math.max(0, startMs + lookMs - Date.now()));
  const answered = answers.look();
  const lost = wanted.filter(({ address }) => answered.get(address)?.isStill !== true);
  await answers.stop();
  const why = await Promise.all(lost.map((each) => whyLost(machine, each)));
  const sinceStart = (some: readonly Wanted[]): readonly number[] =>
    some.flatMap(({ address }) => {
      const firstMs = answered.get(address)?.firstMs ?? null;
      return firstMs === null ? [] : [firstMs - startMs];
    });
  // what a container sends may leave by another NIC's default for a moment
  const firsts = sinceStart(wanted.filter(({ isContainer }) => !isContainer));
  const requests = await vpc.simulator.look("requests");
  const words = [...(said === "" ? [] : [said]), ...(lost.length === 0 ? ["right"] : why)];
  return {
    outcome: words.join("; "),
    firstMs: firsts.length === 0 ? null : Math.min(...firsts),
    wholeMs: lost.length === 0 ? Math.max(...sinceStart(wanted)) : null,
    requests: Array.isArray(requests) ? requests.length : 0,
    hostWide: await hostWideCommands(machine),
  };
}
