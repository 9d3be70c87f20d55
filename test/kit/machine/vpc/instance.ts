import { type Sandbox, startSandbox } from "../sandbox.ts";
import { fakeBus, slotOf } from "./fake-bus.ts";
import { type Machine, type MachineOptions, startMachine } from "../machine.ts";
import { startVpc, type Vpc, type VpcOptions } from "./vpc.ts";

export interface InstanceOptions extends VpcOptions, Omit<MachineOptions, "beforeBoot"> {
  /** Whether its NICs are devices on a bus (`fakeBus`); default false. */
  readonly isOnBus?: boolean;
}

/** A machine in a VPC. */
export interface TestInstance extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly vpc: Vpc;
  readonly machine: Machine;
  /** Kills it like a power cut and boots it again, with its disk and the attached ENIs. */
  readonly reboot: (options?: Pick<MachineOptions, "files" | "awaitBoot">) => Promise<TestInstance>;
  readonly stop: () => Promise<void>;
}

/** `await using instance = await startInstance({ enis: [{ device: 0 }], enable: […] })`. */
export async function startInstance(options: InstanceOptions): Promise<TestInstance> {
  const sandbox = await startSandbox();
  try {
    const vpc = await startVpc(sandbox, options);
    const machine = await startMachine(sandbox, { ...options, beforeBoot: plugNics(vpc, options) });
    return createInstance(sandbox, vpc, machine, options);
  } catch (error) {
    await sandbox.stop();
    throw error;
  }
}

function createInstance(
  sandbox: Sandbox,
  vpc: Vpc,
  machine: Machine,
  options: InstanceOptions,
): TestInstance {
  const stop = async (): Promise<void> => {
    await machine.stop();
    await sandbox.stop();
  };
  return {
    sandbox,
    vpc,
    machine,
    stop,
    reboot: async (changed = {}) => {
      await machine.stop();
      const { files: _, ...same } = options;
      const again = { ...same, ...changed, disk: machine.disk, beforeBoot: plugNics(vpc, options) };
      return createInstance(sandbox, vpc, await startMachine(sandbox, again), options);
    },
    [Symbol.asyncDispose]: stop,
  };
}

function plugNics(vpc: Vpc, { isOnBus = false }: InstanceOptions) {
  return async (machine: Machine): Promise<void> => {
    await vpc.plugInto(machine);
    if (!isOnBus) return;
    const bus = await fakeBus(machine);
    for (const { nic } of vpc.enis()) await bus.plug(slotOf(nic), nic);
  };
}
