import { untilAddresses } from "../../machine/checks/until-addresses.ts";
import { bootVm, type VmOptions } from "../boot-vm.ts";
import type { Vm } from "../vm.ts";

/** A guest with one NIC, which the installed ec2nic has configured. */
export async function installedVm(options: Omit<VmOptions, "enis">): Promise<Vm> {
  const vm = await bootVm({ ...options, enis: [{ device: 0, dualStack: true }] });
  try {
    await vm.run(["ec2nic", "hotplug", "--install"]);
    await vm.run(["ec2nic", "activate"]);
    await untilAddresses(vm, ["10.0.0.10", "2600:1f14:ec2:100::10"]);
    return vm;
  } catch (error) {
    await vm.stop();
    throw error;
  }
}
