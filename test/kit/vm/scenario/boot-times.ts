import { unitSeconds } from "./unit-seconds.ts";
import type { Vm } from "../vm.ts";

/** Seconds of the guest's clock since the start of the kernel; null: not reached. */
export interface BootTimes {
  readonly networkPre: number | null;
  readonly network: number | null;
  readonly multiUser: number | null;
  /** How long ec2nic's units ran before and after the network. */
  readonly local: number | null;
  readonly after: number | null;
  /** When the unit after the network ended; null: it still runs. */
  readonly afterEnd: number | null;
}

const targets = ["network-pre.target", "network.target", "multi-user.target"] as const;
const services = ["ec2nic-local.service", "ec2nic-network.service"] as const;

/** The times of this boot. */
export async function bootTimes(vm: Pick<Vm, "run">): Promise<BootTimes> {
  const [networkPre = null, network = null, multiUser = null] = await Promise.all(
    targets.map((target) => unitSeconds(vm, target, "ActiveEnter")),
  );
  const [local = null, after = null] = await Promise.all(
    services.map(async (service) => {
      const start = await unitSeconds(vm, service, "ExecMainStart");
      const end = await unitSeconds(vm, service, "ExecMainExit");
      return start === null || end === null ? null : Math.round((end - start) * 100) / 100;
    }),
  );
  const afterEnd = await unitSeconds(vm, "ec2nic-network.service", "ExecMainExit");
  return { networkPre, network, multiUser, local, after, afterEnd };
}

/** Whether the boot was complete before ec2nic had its answer from IMDS, on which it waits. */
export function isBootFirst({ multiUser, afterEnd }: BootTimes): boolean {
  return multiUser !== null && multiUser < (afterEnd ?? Infinity);
}
