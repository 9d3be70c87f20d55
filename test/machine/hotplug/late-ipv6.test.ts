import { expect } from "bun:test";
import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import { images } from "../../kit/machine/images.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { suites } from "../../kit/machine/root-file-system.ts";
import { expectNoDifference } from "../../kit/machine/checks/nothing-to-do.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";

/** The Debian release of the machine; `SUITE=trixie` for the other one. */
const suite = suites.find((each) => each === process.env["SUITE"]) ?? "bookworm";
const testMachine = machineTest(suite);

const ipv6 = "2600:1f14:ec2:101::10";
const withIpv6: EniSpec = { device: 1, dualStack: true };
const withoutIpv6: EniSpec = { device: 1 };

for (const [backend, image] of Object.entries(images)) {
  testMachine(
    `${backend}: an IPv6 address from the image's DHCPv6 stays until IMDS lists it`,
    async () => {
      await using instance = await startInstance({ suite, enis: [{ device: 0 }], ...image });
      const { machine, vpc } = instance;
      await untilAddresses(machine, ["10.0.0.10"]);
      await machine.run(["ec2nic", "activate"]);

      await vpc.attach(machine, withIpv6, { metadata: false });
      await untilAddresses(machine, ["10.0.1.10", ipv6]);
      await vpc.simulator.order("attach", withoutIpv6);
      const add = "exec ec2nic hotplug add --nic ens6 --settle 5s 2>/run/messages";
      const adding = machine.exec(["sh", "-c", add]);
      await machine.until("the first configuration is active", async () => {
        const output = await machine.run(["sh", "-c", "cat /run/messages; ip rule"]);
        return (
          output.includes("configured after") && output.includes("from 10.0.1.10 lookup 10001")
        );
      });
      await untilAddresses(machine, ["10.0.1.10", ipv6]);

      await vpc.simulator.order("attach", withIpv6);
      expect(await adding).toMatchObject({ code: 0 });
      await untilAddresses(machine, ["10.0.1.10", ipv6]);
      expect(await machine.run(["ip", "-6", "rule"])).toContain(`from ${ipv6} lookup 10001`);
      await expectNoDifference(machine);
    },
  );
}
