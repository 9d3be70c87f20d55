import type { EniSpec } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import { untilAddresses } from "../../machine/checks/until-addresses.ts";
import { untilIdle } from "./until-idle.ts";
import { untilNic } from "./until-nic.ts";
import type { Vm } from "../vm.ts";

/** Attaches ENIs at once, and waits until udev, systemd and ec2nic have handled them. */
export async function attachAndWait(vm: Vm, specs: readonly EniSpec[]): Promise<void> {
  const added: { nic: string; addresses: readonly string[] }[] = [];
  // systemd has enqueued the jobs when this returns
  await vm.eventsOf(async () => {
    for (const spec of specs) {
      const { nic, ipv4, ipv6 } = await vm.attach(spec);
      added.push({ nic, addresses: [...ipv4, ...ipv6] });
    }
    for (const { nic } of added) await untilNic(vm, nic);
  });
  await untilIdle(vm);
  await untilAddresses(
    vm,
    added.flatMap(({ addresses }) => addresses),
  );
}
