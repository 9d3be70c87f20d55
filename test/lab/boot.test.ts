import { expect, setDefaultTimeout } from "bun:test";
import { labBackends } from "../support/lab/backends.ts";
import { bootVm } from "../support/lab/boot-vm.ts";
import { labMissing } from "../support/lab/missing.ts";
import { suites } from "../support/machine/root-file-system.ts";
import { testUnless } from "../support/skip.ts";

setDefaultTimeout(300_000);

for (const suite of suites) {
  const testVm = testUnless(labMissing(suite));
  for (const backend of labBackends) {
    testVm(
      `${suite}, ${backend}: a guest with one NIC asks IMDS, and knows who is in charge`,
      async () => {
        await using vm = await bootVm({ suite, backend, enis: [{ device: 0, dualStack: true }] });
        expect(await vm.run(["ec2nic", "fetch", "instance-id"])).toBe("i-0ec20000000000001\n");
        const dry = JSON.parse(await vm.run(["ec2nic", "activate", "--dry-run", "--json"]));
        expect(dry.plan.backend).toBe(backend);
        expect(await vm.run(["systemd-detect-virt"])).toBe("amazon\n");
        expect(await vm.failedUnits()).toEqual([]);
      },
    );
  }
}
