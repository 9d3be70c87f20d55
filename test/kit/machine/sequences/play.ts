import type { EniSpec } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import { type FakeBus, slotOf } from "../vpc/fake-bus.ts";
import type { Ended } from "../command.ts";
import type { BenchInstance } from "../vpc/instance.ts";
import type { Attached, Deed, Told } from "./sequence.ts";

/** A run that an event started. */
export interface PlayedRun extends Ended {
  readonly argv: readonly string[];
  /** It was to be killed, if it ran for so long. */
  readonly killAfterMs: number | null;
}

export interface Stage {
  readonly instance: BenchInstance;
  readonly bus: FakeBus;
}

/**
 * Does the deeds of a sequence to a machine, and starts for each event what udev's units would: one
 * run for each link that comes, one for each device that goes; a driver's unload starts none. Gives
 * how the runs ended, when all have.
 */
export async function play(stage: Stage, deeds: readonly Deed[]): Promise<readonly PlayedRun[]> {
  const runs: Promise<PlayedRun>[] = [];
  let attached: Attached = {};
  for (const deed of deeds) {
    await Bun.sleep(deed.afterMs);
    const tell = (argv: readonly string[]): void => {
      if (!deed.told.isLost) runs.push(startRun(stage, argv, deed.told));
    };
    attached = await doDeed(stage, deed, { attached, tell });
  }
  return Promise.all(runs);
}

interface Situation {
  readonly attached: Attached;
  readonly tell: (argv: readonly string[]) => void;
}

async function doDeed(stage: Stage, deed: Deed, { attached, tell }: Situation): Promise<Attached> {
  const device = "spec" in deed ? deed.spec.device : deed.device;
  const { [device]: old, ...others } = attached;
  if (deed.what === "change") {
    await stage.instance.vpc.change(deed.spec);
    return { ...attached, [device]: deed.spec };
  }
  if (deed.what === "reload" || deed.what === "flap") {
    const times = deed.what === "flap" ? deed.times : 1;
    for (let time = 1; time <= times; time += 1) {
      if (old !== undefined) await reload(stage, old, deed.what === "flap" ? 0 : deed.downMs);
      tell(added(device));
    }
    return attached;
  }
  if (old !== undefined) {
    await unplug(stage, old, deed.lingerMs);
    tell(removed);
  }
  if (deed.what === "detach") return others;
  await plugIn(stage, deed.spec);
  tell(added(device));
  return { ...attached, [device]: deed.spec };
}

const nicOf = (device: number): string => `ens${5 + device}`;

/** The device is there a moment before its link, as it is before its driver has it. */
export async function plugIn({ instance, bus }: Stage, spec: EniSpec): Promise<void> {
  const nic = nicOf(spec.device);
  await bus.plug(slotOf(nic), nic);
  await instance.vpc.attach(instance.machine, spec);
}

export async function unplug({ instance, bus }: Stage, spec: EniSpec, lingerMs: number) {
  await instance.vpc.detach(spec.mac ?? "", { lingerMs });
  await bus.remove(slotOf(nicOf(spec.device)));
}

async function reload({ instance, bus }: Stage, spec: EniSpec, downMs: number): Promise<void> {
  const { machine, vpc } = instance;
  const nic = nicOf(spec.device);
  await vpc.detach(spec.mac ?? "", { metadata: false });
  await bus.unbind(slotOf(nic));
  await Bun.sleep(downMs);
  await bus.rebind(slotOf(nic), nic);
  await vpc.attach(machine, spec, { metadata: false });
}

const common = ["--timeout", "30s", "--json", "-v"];
export const removed = ["ec2nic", "hotplug", "remove", ...common];

export function added(device: number): readonly string[] {
  const devpath = `${slotOf(nicOf(device))}_${100 + device}`;
  return ["ec2nic", "hotplug", "add", "--devpath", devpath, "--settle", "1s", ...common];
}

async function startRun(
  { instance }: Stage,
  argv: readonly string[],
  { killAfterMs }: Told,
): Promise<PlayedRun> {
  const limit = killAfterMs === null ? [] : ["timeout", "--signal=KILL", `${killAfterMs / 1000}`];
  const ended = await instance.machine.exec([...limit, ...argv], { timeoutMs: 120_000 });
  return { argv, killAfterMs, ...ended };
}
