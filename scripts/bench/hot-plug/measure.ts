import type { HotplugSchedule } from "../../../test/kit/propagation/hotplug-schedules.ts";
import { watchAnswers } from "./answers.ts";
import { type TestInstance, startInstance } from "../../../test/kit/machine/vpc/instance.ts";
import { playSchedule } from "../../../test/kit/propagation/play-schedule.ts";
import { untilAddresses } from "../../../test/kit/machine/checks/until-addresses.ts";
import { attachedBefore } from "../../../test/kit/propagation/schedule-end.ts";
import { explainUnanswered } from "./explain-unanswered.ts";
import type { ComparedProgram } from "./compared-program.ts";
import { type ExpectedAddress, expectedAtEnd } from "./expected-addresses.ts";
import { clearCommandLog, hostWideCommands, loggingWrappers } from "./host-wide.ts";

/** How long a NIC is watched after its attachment: by then each program has refreshed it once. */
export const watchedMs = 40_000;

/** What one program did with the NIC of one schedule; times count from the attachment. */
export interface Measurement {
  readonly outcome: string;
  /** When the first echo from an expected address was answered; null: none was. */
  readonly firstMs: number | null;
  /** When every expected address had been answered; null: not all are answered at the end. */
  readonly allMs: number | null;
  readonly requests: number;
  readonly hostWide: readonly string[];
}

/** A running machine, on which a program has configured the primary. */
export interface PreparedMeasurement {
  /** Plugs the schedule's NIC in and measures. */
  readonly run: () => Promise<Measurement>;
  readonly stop: () => Promise<void>;
}

/** Boots a machine for a program. */
export async function prepareMeasurement(
  program: ComparedProgram,
  schedule: HotplugSchedule,
): Promise<PreparedMeasurement> {
  const files = { ...program.machine.files, ...loggingWrappers };
  const enis = attachedBefore(schedule);
  const instance = await startInstance({ ...program.machine, files, enis, suite: "trixie" });
  const { machine, stop } = instance;
  const expected = expectedAtEnd(schedule);
  try {
    await program.prepare(instance);
    await untilAddresses(machine, ["10.0.0.10", "2600:1f14:ec2:100::10"]);
    for (const { address, isContainer } of expected) {
      if (isContainer) await machine.run(["ip", "address", "add", address, "dev", "lo"]);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { run: () => measure(instance, { program, schedule, expected }), stop };
}

interface MeasurementPlan {
  readonly program: ComparedProgram;
  readonly schedule: HotplugSchedule;
  readonly expected: readonly ExpectedAddress[];
}

async function measure(
  instance: TestInstance,
  { program, schedule, expected }: MeasurementPlan,
): Promise<Measurement> {
  const { machine, vpc } = instance;
  await clearCommandLog(machine);
  const { eni, startMs, changed } = await playSchedule(instance, schedule);
  const answers = watchAnswers(
    instance,
    expected.map(({ address }) => address),
  );
  const remark = await program.configure(instance, eni.nic);
  await changed;
  await Bun.sleep(Math.max(0, startMs + watchedMs - Date.now()));
  const answered = answers.look();
  const unanswered = expected.filter(({ address }) => answered.get(address)?.isStill !== true);
  await answers.stop();
  const reasons = await Promise.all(unanswered.map((each) => explainUnanswered(machine, each)));
  const sinceStart = (some: readonly ExpectedAddress[]): readonly number[] =>
    some.flatMap(({ address }) => {
      const firstMs = answered.get(address)?.firstMs ?? null;
      return firstMs === null ? [] : [firstMs - startMs];
    });
  // a container's packets may leave through another NIC's default route for a moment
  const firsts = sinceStart(expected.filter(({ isContainer }) => !isContainer));
  const requests = await vpc.simulator.look("requests");
  const result = unanswered.length === 0 ? ["correct"] : reasons;
  return {
    outcome: [...(remark === "" ? [] : [remark]), ...result].join("; "),
    firstMs: firsts.length === 0 ? null : Math.min(...firsts),
    allMs: unanswered.length === 0 ? Math.max(...sinceStart(expected)) : null,
    requests: Array.isArray(requests) ? requests.length : 0,
    hostWide: await hostWideCommands(machine),
  };
}
