import { type Bench, startBench } from "../bench.ts";
import { fakeBus, slotOf } from "./fake-bus.ts";
import { type Machine, type MachineOptions, startMachine } from "../machine.ts";
import { startVpc, type Vpc, type VpcOptions } from "./vpc.ts";

export interface InstanceOptions extends VpcOptions, Omit<MachineOptions, "beforeBoot"> {
  /** Its NICs are devices on a bus (`fakeBus`), when it boots; default false. */
  readonly isOnBus?: boolean;
}

/** A machine with the VPC around it. */
export interface BenchInstance extends AsyncDisposable {
  readonly bench: Bench;
  readonly vpc: Vpc;
  readonly machine: Machine;
  /** Cuts its power and boots it again, with the disk as it is and the ENIs that are attached. */
  readonly reboot: (
    options?: Pick<MachineOptions, "files" | "awaitBoot">,
  ) => Promise<BenchInstance>;
  readonly stop: () => Promise<void>;
}

/** `await using instance = await startInstance({ enis: [{ device: 0 }], enable: […] })`. */
export async function startInstance(options: InstanceOptions): Promise<BenchInstance> {
  const bench = await startBench();
  try {
    const vpc = await startVpc(bench, options);
    const machine = await startMachine(bench, { ...options, beforeBoot: plugged(vpc, options) });
    return instanceOf(bench, vpc, machine, options);
  } catch (error) {
    await bench.stop();
    throw error;
  }
}

function instanceOf(
  bench: Bench,
  vpc: Vpc,
  machine: Machine,
  options: InstanceOptions,
): BenchInstance {
  const stop = async (): Promise<void> => {
    await machine.stop();
    await bench.stop();
  };
  return {
    bench,
    vpc,
    machine,
    stop,
    reboot: async (changed = {}) => {
      await machine.stop();
      const { files: _, ...same } = options;
      const again = { ...same, ...changed, disk: machine.disk, beforeBoot: plugged(vpc, options) };
      return instanceOf(bench, vpc, await startMachine(bench, again), options);
    },
    [Symbol.asyncDispose]: stop,
  };
}

function plugged(vpc: Vpc, { isOnBus = false }: InstanceOptions) {
  return async (machine: Machine): Promise<void> => {
    await vpc.plugInto(machine);
    if (!isOnBus) return;
    const bus = await fakeBus(machine);
    for (const { nic } of vpc.enis()) await bus.plug(slotOf(nic), nic);
  };
}
