import { describe, expect } from "bun:test";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { images } from "../../kit/machine/images.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";

const testMachine = machineTest();

const enis = [{ device: 0 }, { device: 1 }];

// EC2's DHCP gives each ENI a host name of its own.
describe.each(["networkd", "netplan"] as const)("with %s, the host name", (backend) => {
  testMachine("is that of the primary's lease, whichever lease came last", async () => {
    await using instance = await startInstance({ enis, ...images[backend], hostname: "" });
    const { machine, vpc, sandbox } = instance;
    await untilAddresses(machine, ["10.0.0.10", "10.0.1.10"]);
    await machine.run(["ec2nic", "activate"]);
    for (const nic of ["ens5", "ens6"]) await machine.run(["networkctl", "renew", nic]);
    const log = vpc.eni("06:ec:2a:00:00:01").subnet.logFile;
    await machine.until("the lease of the second NIC is renewed", async () => {
      return (await sandbox.run(["cat", log])).split("DHCPACK").length > 2;
    });
    expect(await sandbox.run(["cat", log])).toContain("ip-10-0-1-10");
    await machine.until("the name is there", async () => {
      return (await machine.run(["uname", "-n"])) === "ip-10-0-0-10\n";
    });
  });
});
