import { expect, setDefaultTimeout } from "bun:test";
import { eni, type EniSpec } from "../../scripts/simulator/scenario/eni-spec.ts";
import { allOfTrixie, guestsOf } from "../kit/vm/guests.ts";
import { bootVm } from "../kit/vm/boot-vm.ts";
import { vmLimitMs, vmTestsMissing } from "../kit/vm/missing.ts";
import { readRoutingState, untilRoutingState } from "../kit/vm/scenario/routing-state.ts";
import { untilIdle } from "../kit/vm/scenario/until-idle.ts";
import { untilNic } from "../kit/vm/scenario/until-nic.ts";
import { unexpectedFailures } from "../kit/machine/checks/unexpected-failures.ts";
import { untilAddresses } from "../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(vmLimitMs);

const second: EniSpec = {
  device: 1,
  dualStack: true,
  ipv4: ["10.0.1.10", "10.0.1.11"],
  late: { ipv6s: 4000, "subnet-ipv6-cidr-blocks": 4000, "vpc-ipv6-cidr-blocks": 4000 },
};
const { mac } = eni(second);
const addresses = ["10.0.1.10", "10.0.1.11", "2600:1f14:ec2:101::10"];

for (const { suite, backend } of guestsOf(allOfTrixie)) {
  testUnless(vmTestsMissing(suite))(
    `${suite}, ${backend}: a hot-plugged NIC is configured, keeps its state in a driver reload, and leaves nothing behind`,
    async () => {
      await using vm = await bootVm({
        suite,
        backend,
        enis: [{ device: 0, dualStack: true }],
      });
      await vm.run(["ec2nic", "hotplug", "--install"]);
      await vm.run(["ec2nic", "activate"]);
      await untilAddresses(vm, ["10.0.0.10", "2600:1f14:ec2:100::10"]);
      const before = await readRoutingState(vm);

      // when eventsOf returns, systemd has queued the unit
      await vm.eventsOf(async () => {
        await vm.attach(second);
        await untilNic(vm, "ens6");
      });
      await untilIdle(vm);
      await untilAddresses(vm, addresses);
      expect((await unexpectedFailures({ ...vm, machine: vm })).unexpected).toEqual([]);
      const configured = await readRoutingState(vm);

      await vm.eventsOf(async () => {
        await vm.run(["modprobe", "-r", "virtio_net"]);
        await vm.run(["modprobe", "virtio_net"]);
        await untilNic(vm, "ens6");
      });
      await untilIdle(vm);
      await untilAddresses(vm, addresses);
      await untilRoutingState(vm, "the state is as before the reload", configured);

      await vm.detach(mac, { lingerMs: 60_000 });
      await untilRoutingState(vm, "the state is as before the NIC", before);
      expect(await vm.failedUnits()).toEqual([]);
    },
  );
}
