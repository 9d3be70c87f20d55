import { expect } from "bun:test";
import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import { modestImages as images } from "../../kit/machine/images.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { pingThrough } from "../../kit/machine/checks/ping-through.ts";
import { suites } from "../../kit/machine/root-file-system.ts";
import { expectNothingToDo } from "../../kit/machine/checks/nothing-to-do.ts";
import { unexpectedFailures } from "../../kit/machine/checks/unexpected-failures.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { readRoutingState } from "../../kit/vm/scenario/routing-state.ts";

/** The Debian release of the machine; `SUITE=trixie` for the other one. */
const suite = suites.find((each) => each === process.env["SUITE"]) ?? "bookworm";
const testMachine = machineTest(suite);

const primary: EniSpec = { device: 0, dualStack: true };
const second: EniSpec = {
  device: 1,
  dualStack: true,
  ipv4: ["10.0.1.10", "10.0.1.11"],
  late: { ipv6s: 4000, "subnet-ipv6-cidr-blocks": 4000, "vpc-ipv6-cidr-blocks": 4000 },
};
const mac = "06:ec:2a:00:00:01";

for (const [backend, image] of Object.entries(images)) {
  testMachine(
    `${backend}: a NIC is configured, gets its late IPv6 address, and leaves nothing behind`,
    async () => {
      await using instance = await startInstance({ suite, enis: [primary], ...image });
      const { machine, vpc } = instance;
      await untilAddresses(machine, ["10.0.0.10"]);
      expect((await machine.exec(["ec2nic", "activate"])).code).toBe(0);
      await untilAddresses(machine, ["10.0.0.10", "2600:1f14:ec2:100::10"]);
      const before = await readRoutingState(machine);

      const pings = [
        await pingThrough(instance, { address: "10.0.0.10" }),
        await pingThrough(instance, { address: "2600:1f14:ec2:100::10" }),
      ];
      await vpc.attach(machine, second);
      const add = ["ec2nic", "hotplug", "add", "--nic", "ens6", "--settle", "5s", "--json"];
      const added = await machine.exec(add);
      expect(added.code).toBe(0);
      const result = JSON.parse(added.stdout);
      console.log(backend, JSON.stringify(result.nics[0].timeline), JSON.stringify(result.imds));
      expect(result).toMatchObject({
        command: "hotplug",
        outcome: "configured",
        nics: [{ mac, name: "ens6", outcome: "configured" }],
      });
      await untilAddresses(machine, ["10.0.1.10", "10.0.1.11", "2600:1f14:ec2:101::10"]);
      expect((await unexpectedFailures(instance)).unexpected).toEqual([]);
      await expectNothingToDo(machine);

      await vpc.detach(mac, { lingerMs: 60_000 });
      const removed = await machine.exec(["ec2nic", "hotplug", "remove", "--json"]);
      expect(removed.code).toBe(0);
      expect(JSON.parse(removed.stdout)).toMatchObject({
        outcome: "retired",
        nics: [{ mac, outcome: "retired" }],
        imds: null,
      });
      expect(await readRoutingState(machine)).toEqual(before);
      const lost = await Promise.all(pings.map((ping) => ping.stop()));
      expect(lost.map((each) => each.lost)).toEqual([0, 0]);
    },
  );
}
