import { expect, setDefaultTimeout } from "bun:test";
import type { EniSpec } from "../../scripts/simulator/scenario/eni-spec.ts";
import { vmBackends } from "../kit/vm/image/backends.ts";
import { bootTimes, isBootFirst } from "../kit/vm/scenario/boot-times.ts";
import { bootVm } from "../kit/vm/boot-vm.ts";
import { vmLimitMs, vmTestsMissing } from "../kit/vm/missing.ts";
import { readRoutingState, untilRoutingState } from "../kit/vm/scenario/routing-state.ts";
import { untilIdle } from "../kit/vm/scenario/until-idle.ts";
import { suites } from "../kit/machine/root-file-system.ts";
import { expectNoDifference } from "../kit/machine/checks/nothing-to-do.ts";
import { untilAddresses } from "../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(vmLimitMs);
const primary: EniSpec = { device: 0, dualStack: true };

for (const suite of suites) {
  for (const backend of vmBackends) {
    testUnless(vmTestsMissing(suite))(
      `${suite}, ${backend}: a boot does not wait for ec2nic, and gives the same configuration with IMDS and without it`,
      async () => {
        await using vm = await bootVm({ suite, backend, enis: [primary] });
        expect(await vm.run(["ec2nic", "fetch", "instance-id"])).toBe("i-0ec20000000000001\n");
        expect(await vm.run(["systemd-detect-virt"])).toBe("amazon\n");
        await vm.run(["ec2nic", "hotplug", "--install"]);

        await vm.reboot();
        await untilIdle(vm);
        const first = await bootTimes(vm);
        await untilAddresses(vm, ["10.0.0.10", "2600:1f14:ec2:100::10"]);
        await expectNoDifference(vm);
        const state = await readRoutingState(vm);

        await vm.vpc.simulator.order("fault", { fault: { kind: "hang" } });
        await vm.reboot();
        const withoutImds = await bootTimes(vm);
        await untilRoutingState(vm, "the configuration without IMDS is the last one", state);
        console.log(`${suite} ${backend}`, JSON.stringify({ first, withoutImds }));
        // the local stage has no resolv.conf to keep, so its unit does not start the program
        expect([first.local, withoutImds.local]).toEqual([null, null]);
        expect(isBootFirst(withoutImds)).toBe(true);
        expect(await vm.failedUnits()).toEqual([]);
      },
    );
  }
}
