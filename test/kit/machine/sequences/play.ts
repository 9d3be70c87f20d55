import type { EniSpec } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import { type FakeBus, slotOf } from "../vpc/fake-bus.ts";
import type { Ended } from "../command.ts";
import type { TestInstance } from "../vpc/instance.ts";
import type { Attached, Action, EventDelivery } from "./sequence.ts";

/** A run that an event started. */
export interface EventRun extends Ended {
  readonly argv: readonly string[];
  /** When it was to be killed; null: not at all. */
  readonly killAfterMs: number | null;
}

export interface PlayTarget {
  readonly instance: TestInstance;
  readonly bus: FakeBus;
}

/**
 * Does the actions of a sequence on a machine, and starts the runs that udev's units would start: one
 * for each link that appears, one for each device that is removed, none for an unloaded driver.
 * Returns the results of all runs.
 */
export async function playActions(
  stage: PlayTarget,
  actions: readonly Action[],
): Promise<readonly EventRun[]> {
  const runs: Promise<EventRun>[] = [];
  let attached: Attached = {};
  for (const action of actions) {
    await Bun.sleep(action.afterMs);
    const notify = (argv: readonly string[]): void => {
      if (!action.delivery.isLost) runs.push(startRun(stage, argv, action.delivery));
    };
    attached = await doAction(stage, action, { attached, notify });
  }
  return Promise.all(runs);
}

interface ActionContext {
  readonly attached: Attached;
  readonly notify: (argv: readonly string[]) => void;
}

async function doAction(
  stage: PlayTarget,
  action: Action,
  { attached, notify }: ActionContext,
): Promise<Attached> {
  const device = "spec" in action ? action.spec.device : action.device;
  const { [device]: old, ...others } = attached;
  if (action.what === "change") {
    await stage.instance.vpc.change(action.spec);
    return { ...attached, [device]: action.spec };
  }
  if (action.what === "reload" || action.what === "flap") {
    const times = action.what === "flap" ? action.times : 1;
    for (let time = 1; time <= times; time += 1) {
      if (old !== undefined)
        await reloadDriver(stage, old, action.what === "flap" ? 0 : action.downMs);
      notify(addArgv(device));
    }
    return attached;
  }
  if (old !== undefined) {
    await detachNic(stage, old, action.lingerMs);
    notify(removeArgv);
  }
  if (action.what === "detach") return others;
  await attachNic(stage, action.spec);
  notify(addArgv(device));
  return { ...attached, [device]: action.spec };
}

const nicOf = (device: number): string => `ens${5 + device}`;

/** Adds a device and then its link, as a driver does. */
export async function attachNic({ instance, bus }: PlayTarget, spec: EniSpec): Promise<void> {
  const nic = nicOf(spec.device);
  await bus.plug(slotOf(nic), nic);
  await instance.vpc.attach(instance.machine, spec);
}

export async function detachNic({ instance, bus }: PlayTarget, spec: EniSpec, lingerMs: number) {
  await instance.vpc.detach(spec.mac ?? "", { lingerMs });
  await bus.remove(slotOf(nicOf(spec.device)));
}

async function reloadDriver(
  { instance, bus }: PlayTarget,
  spec: EniSpec,
  downMs: number,
): Promise<void> {
  const { machine, vpc } = instance;
  const nic = nicOf(spec.device);
  await vpc.detach(spec.mac ?? "", { metadata: false });
  await bus.unbind(slotOf(nic));
  await Bun.sleep(downMs);
  await bus.rebind(slotOf(nic), nic);
  await vpc.attach(machine, spec, { metadata: false });
}

const common = ["--timeout", "120s", "--json", "-v"];
export const removeArgv = ["ec2nic", "hotplug", "remove", ...common];

export function addArgv(device: number): readonly string[] {
  const devpath = `${slotOf(nicOf(device))}_${100 + device}`;
  return ["ec2nic", "hotplug", "add", "--devpath", devpath, "--settle", "1s", ...common];
}

async function startRun(
  { instance }: PlayTarget,
  argv: readonly string[],
  { killAfterMs }: EventDelivery,
): Promise<EventRun> {
  const limit = killAfterMs === null ? [] : ["timeout", "--signal=KILL", `${killAfterMs / 1000}`];
  const ended = await instance.machine.exec([...limit, ...argv]);
  return { argv, killAfterMs, ...ended };
}
