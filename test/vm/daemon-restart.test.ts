import { expect, setDefaultTimeout } from "bun:test";
import { vmBackends } from "../kit/vm/image/backends.ts";
import { installedVm } from "../kit/vm/scenario/installed-vm.ts";
import { vmLimitMs, vmTestsMissing } from "../kit/vm/missing.ts";
import { attachAndWait } from "../kit/vm/scenario/attach-and-wait.ts";
import { readRoutingState, untilRoutingState } from "../kit/vm/scenario/routing-state.ts";
import { untilIdle } from "../kit/vm/scenario/until-idle.ts";
import { suites } from "../kit/machine/root-file-system.ts";
import { testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(vmLimitMs);

for (const suite of suites) {
  for (const backend of vmBackends) {
    const daemon = backend === "network-manager" ? "NetworkManager" : "systemd-networkd";
    testUnless(vmTestsMissing(suite))(
      `${suite}, ${backend}: a restart of ${daemon} keeps routes and rules, and restores lost ones`,
      async () => {
        await using vm = await installedVm({ suite, backend });
        await attachAndWait(vm, [{ device: 1, dualStack: true, ipv4: ["10.0.1.10", "10.0.1.11"] }]);
        const state = await readRoutingState(vm);
        const expectSameState = async (what: string, act: () => Promise<unknown>) => {
          const startMs = performance.now();
          await act();
          await untilRoutingState(vm, what, state);
          const ms = Math.round(performance.now() - startMs);
          await untilIdle(vm);
          await untilRoutingState(vm, `${what}, and later too`, state);
          console.log(suite, backend, what, ms, "ms");
        };
        const restart = (): Promise<string> => vm.run(["systemctl", "restart", daemon]);
        await expectSameState("routes and rules exist after a restart", restart);
        await expectSameState("lost routes and rules exist after a restart", async () => {
          await vm.run(["ip", "rule", "del", "priority", "3801", "from", "10.0.1.11"]);
          await vm.run(["ip", "route", "flush", "table", "10001"]);
          await restart();
        });
        await vm.run(["systemctl", "mask", "--runtime", "ec2nic-network.service"]);
        await expectSameState("the daemon restores them without ec2nic", restart);
        expect(await vm.failedUnits()).toEqual([]);
      },
    );
  }
}
