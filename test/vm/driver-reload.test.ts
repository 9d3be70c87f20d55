import { expect, setDefaultTimeout } from "bun:test";
import { eni, type EniSpec } from "../../scripts/simulator/scenario/eni-spec.ts";
import { allOfTrixie, guestsOf } from "../kit/vm/guests.ts";
import { installedVm } from "../kit/vm/scenario/installed-vm.ts";
import { vmLimitMs, vmTestsMissing } from "../kit/vm/missing.ts";
import { attachAndWait } from "../kit/vm/scenario/attach-and-wait.ts";
import { readRoutingState, untilRoutingState } from "../kit/vm/scenario/routing-state.ts";
import { untilIdle } from "../kit/vm/scenario/until-idle.ts";
import { untilNic } from "../kit/vm/scenario/until-nic.ts";
import { untilAddresses } from "../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(vmLimitMs);

const second: EniSpec = { device: 1, ipv4: ["10.0.1.10", "10.0.1.11"] };
/** Another NIC with the same slot, name and device number. */
const other: EniSpec = { ...second, mac: "06:ec:2a:00:00:99", ipv4: ["10.0.1.99"] };

const findOurs = ["sh", "-c", "find /etc -name '*ec2nic*' | sort"];

for (const { suite, backend } of guestsOf(allOfTrixie)) {
  testUnless(vmTestsMissing(suite))(
    `${suite}, ${backend}: repeated driver reloads change nothing, and a new NIC in a slot replaces the configuration of the old one`,
    async () => {
      await using vm = await installedVm({ suite, backend });
      await attachAndWait(vm, [second]);
      const configured = await readRoutingState(vm);

      // hotplug remove may run because of another device while the driver is not loaded
      const files = await vm.run(findOurs);
      await vm.run(["modprobe", "-r", "virtio_net"]);
      await vm.run(["ec2nic", "hotplug", "remove"]);
      expect(await vm.run(findOurs)).toBe(files);
      await vm.run(["modprobe", "virtio_net"]);
      for (const nic of ["ens5", "ens6"]) await untilNic(vm, nic);

      const reload = [
        "sh",
        "-ec",
        "for i in 1 2 3 4; do modprobe -r virtio_net; modprobe virtio_net; done",
      ];
      await vm.eventsOf(async () => {
        await vm.run(reload);
        for (const nic of ["ens5", "ens6"]) await untilNic(vm, nic);
      });
      await untilIdle(vm);
      await untilAddresses(vm, ["10.0.0.10", "10.0.1.10", "10.0.1.11"]);
      await untilRoutingState(vm, "the state is as before the reloads", configured);
      expect(await vm.run(["ec2nic", "fetch", "instance-id"])).toContain("i-0ec2");

      await vm.detach(eni(second).mac, { lingerMs: 60_000 });
      await attachAndWait(vm, [other]);
      await untilIdle(vm);
      const replaced = await readRoutingState(vm);
      expect(replaced.join("\n")).not.toMatch(/06ec2a000001|06-ec-2a-00-00-01|10\.0\.1\.1[01]/);
      expect(replaced.join("\n")).toContain("from 10.0.1.99");

      await vm.reboot();
      await untilIdle(vm);
      await untilRoutingState(vm, "a boot gives the same state", replaced);
      expect(await vm.failedUnits()).toEqual([]);
    },
  );
}
