import { describe, expect } from "bun:test";
import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { failedRows, packetTable } from "../../kit/machine/checks/packets.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";

const testMachine = machineTest();

/** The third shares the second's subnet; the fourth has IPv6 alone. */
const enis: readonly EniSpec[] = [
  { device: 0, dualStack: true },
  { device: 1, dualStack: true, ipv6Prefixes: ["2600:1f14:ec2:101:1::/80"] },
  {
    device: 2,
    ipv4: ["10.0.1.30", "10.0.1.31"],
    ipv6: ["2600:1f14:ec2:101::30"],
    subnetCidr: "10.0.1.0/24",
    subnetIpv6Cidrs: ["2600:1f14:ec2:101::/64"],
  },
  { device: 3, ipv4: [], ipv6: ["2600:1f14:ec2:103::10"] },
];

describe("four ENIs", () => {
  testMachine("all get their leases, and all packets pass with correct tables", async () => {
    const units = enis.map((_, device) => [
      `/etc/systemd/network/5${device}.network`,
      unit(device),
    ]);
    await using instance = await startInstance({
      enis,
      enable: ["systemd-networkd.service"],
      files: Object.fromEntries(units) as Record<string, string>,
    });
    const { machine, vpc } = instance;
    const leases = vpc
      .enis()
      .flatMap(({ ipv4, ipv6 }) => [...ipv4.slice(0, 1), ...ipv6.slice(0, 1)]);
    await untilAddresses(machine, leases);
    const table = await packetTable(instance);
    expect(failedRows(table)).toEqual([]);
    // 8 addresses, hosts of each family inside, outside and in the subnets, both directions
    expect(table).toHaveLength(2 * (4 * 4 + 4 * 5));
  });
});

/** The unit puts the connected subnet into the ENI's table, so that no other ENI's packets use it. */
function unit(device: number): string {
  const table = 10_001 + device;
  const { ipv4 = [`10.0.${device}.10`], ipv6 = [`2600:1f14:ec2:10${device}::10`] } = enis[
    device
  ] ?? { device };
  const rules = [...ipv4, ...ipv6].map(
    (from) => `[RoutingPolicyRule]\nFrom=${from}\nTable=${table}\nPriority=${table}\n`,
  );
  return [
    `[Match]\nMACAddress=06:ec:2a:00:00:0${device}\n`,
    `[Network]\nDHCP=${ipv4.length === 0 ? "ipv6" : "yes"}\nIPv6AcceptRA=yes\n`,
    `[DHCPv4]\nRouteTable=${table}\nRouteMetric=512\n`,
    `[IPv6AcceptRA]\nRouteTable=${table}\nRouteMetric=512\n`,
    ...ipv4.slice(1).map((each) => `[Address]\nAddress=${each}/32\nAddPrefixRoute=false\n`),
    ...rules,
  ].join("\n");
}
