import { expect, setDefaultTimeout } from "bun:test";
import type { EniSpec } from "../../scripts/simulator/scenario/eni-spec.ts";
import { vmBackends } from "../kit/vm/image/backends.ts";
import { bootTimes } from "../kit/vm/scenario/boot-times.ts";
import { bootVm } from "../kit/vm/boot-vm.ts";
import { vmTestsMissing } from "../kit/vm/missing.ts";
import { readRoutingState, untilRoutingState } from "../kit/vm/scenario/routing-state.ts";
import { untilIdle } from "../kit/vm/scenario/until-idle.ts";
import { suites } from "../kit/machine/root-file-system.ts";
import { untilAddresses } from "../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(900_000);
const primary: EniSpec = { device: 0, dualStack: true };

for (const suite of suites) {
  for (const backend of vmBackends) {
    testUnless(vmTestsMissing(suite))(
      `${suite}, ${backend}: boots wait for nobody, with IMDS and without it, and configure the same`,
      async () => {
        await using vm = await bootVm({ suite, backend, enis: [primary] });
        expect(await vm.run(["ec2nic", "fetch", "instance-id"])).toBe("i-0ec20000000000001\n");
        expect(await vm.run(["systemd-detect-virt"])).toBe("amazon\n");
        await vm.reboot();
        const without = await bootTimes(vm);
        await vm.run(["ec2nic", "hotplug", "--install"]);

        await vm.reboot();
        await untilIdle(vm);
        const first = await bootTimes(vm);
        await untilAddresses(vm, ["10.0.0.10", "2600:1f14:ec2:100::10"], 30_000);
        const check = await vm.exec(["ec2nic", "activate", "--check"]);
        expect(check).toMatchObject({ code: 0, stdout: "no difference\n" });
        const state = await readRoutingState(vm);

        await vm.vpc.simulator.order("fault", { fault: { kind: "hang" } });
        await vm.reboot();
        const silent = await bootTimes(vm);
        await untilRoutingState(vm, "the last configuration is there without IMDS", state);
        console.log(`${suite} ${backend}`, JSON.stringify({ without, first, silent }));
        for (const { local, network, multiUser } of [first, silent]) {
          // nobody's resolv.conf is to be kept here: no boot waits for a start of the program
          expect(local).toBeNull();
          expect((multiUser ?? 999) - (network ?? 0)).toBeLessThan((without.network ?? 0) / 2);
        }
        expect(await vm.failedUnits()).toEqual([]);
      },
    );
  }
}
