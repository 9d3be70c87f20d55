// One transcript of an instance on EC2 shows all its addresses as given by DHCPv6; the lifetimes are
// those of https://github.com/amazonlinux/amazon-ec2-net-utils/pull/68.
import { expect } from "bun:test";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { images } from "../../kit/machine/images.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";

const testMachine = machineTest();

testMachine("DHCPv6 gives all addresses of an ENI, if the test asks for it", async () => {
  const ipv6 = ["2600:1f14:ec2:100::10", "2600:1f14:ec2:100::11"];
  const enis = [{ device: 0, ipv6 }];
  await using instance = await startInstance({ enis, ...images.networkd, hasDhcpv6WithAll: true });
  const { machine, vpc } = instance;
  await untilAddresses(machine, ipv6);
  const shown = await machine.run(["ip", "-6", "address", "show", "dev", "ens5"]);
  for (const address of ipv6) expect(shown).toContain(`inet6 ${address}/128 scope global dynamic`);
  const valid = [...shown.matchAll(/valid_lft (\d+)sec preferred_lft (\d+)sec/g)];
  for (const [, seconds, preferred] of valid) {
    expect(Number(seconds)).toBeLessThanOrEqual(450);
    expect(Number(preferred)).toBeLessThanOrEqual(140);
  }

  // the renewal, after 70 seconds, gives what the ENI has then
  const more = [...ipv6, "2600:1f14:ec2:100::12"];
  await vpc.change({ device: 0, ipv6: more });
  await untilAddresses(machine, more);
});
