// amazon-ec2-net-utils #120: packets are dropped, DNS and NTP with them; another ENI still answers
import { expect } from "bun:test";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { images } from "../../kit/machine/images.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";

const testMachine = machineTest();

const primary = "06:ec:2a:00:00:00";
const second = "06:ec:2a:00:00:01";

testMachine(
  "the VPC drops what is over the limit of an ENI, and ec2nic stays below it",
  async () => {
    const enis = [{ device: 0 }, { device: 1 }];
    await using instance = await startInstance({ enis, ...images.networkd });
    const { machine, vpc } = instance;
    await untilAddresses(machine, ["10.0.0.10", "10.0.1.10"]);
    await machine.run(["ec2nic", "activate"]);
    await machine.run(["ec2nic", "fetch"]);
    expect([await vpc.throttled(primary), await vpc.throttled(second)]).toEqual([0, 0]);

    // as many packets at once as the socket takes: more than the limit, with any processor
    const flood = ["ping", "-q", "-f", "-l", "4000", "-c", "4000", "-w", "5", "-I", "ens5"];
    await machine.exec([...flood, "169.254.169.253"]);
    expect(await vpc.throttled(primary)).toBeGreaterThan(0);
    expect(await vpc.throttled(second)).toBe(0);
  },
);
