import { expect, setDefaultTimeout } from "bun:test";
import { bootVm } from "../kit/vm/boot-vm.ts";
import { vmLimitMs, vmTestsMissing } from "../kit/vm/missing.ts";
import { untilIdle } from "../kit/vm/scenario/until-idle.ts";
import { suites } from "../kit/machine/root-file-system.ts";
import { expectNoDifference } from "../kit/machine/checks/nothing-to-do.ts";
import { untilAddresses } from "../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(vmLimitMs);

for (const suite of suites) {
  testUnless(vmTestsMissing(suite))(
    `${suite}: a boot of an image without any network configuration configures the primary with a lease of ec2nic`,
    async () => {
      await using vm = await bootVm({ suite, backend: "networkd", enis: [{ device: 0 }] });
      await vm.run(["ec2nic", "hotplug", "--install"]);
      await vm.remove("/etc/systemd/network/99-image.network");
      await vm.systemctl("stop", "systemd-networkd.socket", "systemd-networkd.service");
      await vm.run(["ip", "address", "flush", "dev", "ens5"]);
      // reboot() returns when the primary has its address
      await vm.reboot();
      await untilIdle(vm);
      await untilAddresses(vm, ["10.0.0.10"]);
      await expectNoDifference(vm);
      expect(await vm.run(["ip", "-4", "address", "show", "dev", "ens5"])).not.toContain(
        "10.0.0.10/32",
      );
      expect(await vm.failedUnits()).toEqual([]);
    },
  );
}
