import { expect, setDefaultTimeout } from "bun:test";
import { eni, type EniSpec } from "../../scripts/simulator/scenario/eni-spec.ts";
import { allOfTrixie, guestsOf } from "../kit/vm/guests.ts";
import { bootVm } from "../kit/vm/boot-vm.ts";
import { vmTestsMissing } from "../kit/vm/missing.ts";
import { readRoutingState, untilRoutingState } from "../kit/vm/scenario/routing-state.ts";
import { untilIdle } from "../kit/vm/scenario/until-idle.ts";
import { untilNic } from "../kit/vm/scenario/until-nic.ts";
import { settledFailures } from "../kit/machine/checks/settled-table.ts";
import { untilAddresses } from "../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(900_000);

const second: EniSpec = {
  device: 1,
  dualStack: true,
  ipv4: ["10.0.1.10", "10.0.1.11"],
  late: { ipv6s: 4000, "subnet-ipv6-cidr-blocks": 4000, "vpc-ipv6-cidr-blocks": 4000 },
};
const { mac } = eni(second);
const addresses = ["10.0.1.10", "10.0.1.11", "2600:1f14:ec2:101::10"];

/** See activate.test.ts of the machines: the one thing that is as it is. */
const isKnown = (row: string): boolean => /^ens5 .* neighbour in 10\.0\.1\.0/.test(row);

for (const { suite, backend } of guestsOf(allOfTrixie)) {
  testUnless(vmTestsMissing(suite))(
    `${suite}, ${backend}: a NIC is configured when it comes, kept through its driver's reload, and leaves nothing`,
    async () => {
      await using vm = await bootVm({
        suite,
        backend,
        enis: [{ device: 0, dualStack: true }],
      });
      await vm.run(["ec2nic", "hotplug", "--install"]);
      await vm.run(["ec2nic", "activate"], { timeoutMs: 60_000 });
      await untilAddresses(vm, ["10.0.0.10", "2600:1f14:ec2:100::10"]);
      const before = await readRoutingState(vm);

      // systemd has the job when this is over
      await vm.eventsOf(async () => {
        await vm.attach(second);
        await untilNic(vm, "ens6");
      });
      await untilIdle(vm);
      await untilAddresses(vm, addresses, 10_000);
      const { failed } = await settledFailures({ ...vm, machine: vm }, isKnown);
      expect(failed.filter((row) => !isKnown(row))).toEqual([]);
      const configured = await readRoutingState(vm);

      await vm.eventsOf(async () => {
        await vm.run(["modprobe", "-r", "virtio_net"]);
        await vm.run(["modprobe", "virtio_net"]);
        await untilNic(vm, "ens6");
      });
      await untilIdle(vm);
      await untilAddresses(vm, addresses, 30_000);
      await untilRoutingState(vm, "all is as it was", configured);

      await vm.detach(mac, { lingerMs: 60_000 });
      await untilRoutingState(vm, "nothing is left", before);
      expect(await vm.failedUnits()).toEqual([]);
    },
  );
}
