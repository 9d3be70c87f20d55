import { expect } from "bun:test";
import { fakeBus, slotOf } from "../../kit/machine/vpc/fake-bus.ts";
import { images } from "../../kit/machine/images.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";

const testMachine = machineTest();

testMachine(
  "hotplug remove keeps a NIC without a driver, and retires one without a device",
  async () => {
    const second = { device: 1 };
    await using instance = await startInstance({
      enis: [{ device: 0 }, second],
      ...images.networkd,
    });
    const { machine, vpc } = instance;
    const bus = await fakeBus(machine);
    await bus.plug(slotOf("ens5"), "ens5");
    await bus.plug(slotOf("ens6"), "ens6");
    await untilAddresses(machine, ["10.0.0.10"]);
    await machine.run(["ec2nic", "activate"]);
    const { mac } = vpc.eni("06:ec:2a:00:00:01");
    const remove = async () => {
      const stdout = await machine.run(["ec2nic", "hotplug", "remove", "--json"]);
      return JSON.parse(stdout).nics;
    };

    await bus.unbind(slotOf("ens6"));
    await vpc.detach(mac, { metadata: false });
    expect(await remove()).toMatchObject([{ mac, outcome: "kept" }]);

    await vpc.attach(machine, second, { metadata: false });
    await bus.rebind(slotOf("ens6"), "ens6");
    const devpath = `${slotOf("ens6")}_77`;
    const back = await machine.run(["ec2nic", "hotplug", "add", "--devpath", devpath, "--json"]);
    expect(JSON.parse(back)).toMatchObject({
      nics: [{ mac, name: "ens6", outcome: "kept", reason: "0000:00:06.0 never left its bus" }],
      imds: null,
    });
    await untilAddresses(machine, ["10.0.1.10"]);

    await vpc.detach(mac);
    await bus.remove(slotOf("ens6"));
    expect(await remove()).toMatchObject([{ mac, outcome: "retired" }]);
  },
);
