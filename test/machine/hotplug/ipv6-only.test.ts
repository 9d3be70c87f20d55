// amazon-ec2-utils #27: in an IPv6-only subnet DHCPv4 gives an address that IMDS never lists.
import { describe, expect } from "bun:test";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { images } from "../../kit/machine/images.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { expectNothingToDo } from "../../kit/machine/checks/nothing-to-do.ts";
import { failedRows, packetTable } from "../../kit/machine/checks/packets.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";

const testMachine = machineTest();

const ipv6Only = { device: 1, ipv4: [], ipv6: ["2600:1f14:ec2:101::10"] } as const;
const addresses = ["2600:1f14:ec2:101::10", "169.254.1.11"];
const backends = ["networkd", "netplan", "network-manager"] as const;

describe.each(backends)("with %s, an ENI of an IPv6-only subnet", (backend) => {
  testMachine("is hot-plugged beside a primary with IPv4, and keeps its lease", async () => {
    await using instance = await startInstance({ enis: [{ device: 0 }], ...images[backend] });
    const { machine, vpc } = instance;
    await untilAddresses(machine, ["10.0.0.10"]);
    await machine.run(["ec2nic", "activate"]);
    await vpc.attach(machine, ipv6Only);
    const add = ["ec2nic", "hotplug", "add", "--nic", "ens6", "--settle", "5s"];
    expect((await machine.exec([...add, "--timeout", "60s"])).code).toBe(0);
    await untilAddresses(machine, addresses);
    await expectNothingToDo(machine);

    const { code } = await machine.exec(["ec2nic", "fetch", "--interface", "ens6", "instance-id"]);
    expect(code).toBe(0);
    const rules = await machine.run(["ip", "-4", "rule", "show"]);
    expect(rules).not.toContain("169.254.1.");
    const table = await packetTable(instance, ({ direction }) => direction === "out");
    expect(failedRows(table)).toEqual([]);
  });
});
