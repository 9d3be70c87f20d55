import { describe, expect } from "bun:test";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { failedRows, packetTable } from "../../kit/machine/checks/packets.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";

const testMachine = machineTest();

const ens5 = `[Match]
MACAddress=06:ec:2a:00:00:00
[Network]
DHCP=yes
IPv6AcceptRA=yes
`;

describe("a machine with systemd-networkd", () => {
  testMachine("gets its leases, reaches IMDS, and all packets pass", async () => {
    await using instance = await startInstance({
      enis: [{ device: 0, dualStack: true }],
      scenario: { httpProtocolIpv6: "enabled" },
      enable: ["systemd-networkd.service"],
      files: { "/etc/systemd/network/50-ens5.network": ens5 },
    });
    const { machine, vpc, sandbox } = instance;
    expect(await machine.failedUnits()).toEqual([]);
    // ten times what it needs, and less than a unit waits for a device that does not come (90 s)
    expect(machine.bootMs).toBeLessThan(60_000);

    // 2600:… comes from DHCPv6, which a router advertisement with the M flag asks for
    await untilAddresses(machine, ["10.0.0.10", "2600:1f14:ec2:100::10"]);
    const log = await sandbox.run(["cat", vpc.eni("06:ec:2a:00:00:00").subnet.logFile]);
    expect(log).toContain("RTR-ADVERT(subnet0) 2600:1f14:ec2:100::");
    expect(log).toMatch(/DHCPREPLY\(subnet0\) 2600:1f14:ec2:100::10/);
    expect(await machine.run(["ip", "-6", "route", "show", "default"])).toContain("proto ra");

    expect(await machine.run(["ec2nic", "fetch", "instance-id"])).toBe("i-0ec20000000000001\n");
    const overIpv6 = ["fetch", "instance-id", "--endpoint", "http://[fd00:ec2::254]"];
    expect(await machine.run(["ec2nic", ...overIpv6])).toBe("i-0ec20000000000001\n");
    expect(await machine.run(["networkctl", "--no-legend"])).toMatch(/ens5\s+ether\s+routable/);

    const table = await packetTable(instance);
    expect(failedRows(table)).toEqual([]);
    expect(table).toHaveLength(2 * 3 * 2);

    expect((await machine.systemctl("restart", "systemd-networkd.service")).code).toBe(0);
    await untilAddresses(machine, ["10.0.0.10", "2600:1f14:ec2:100::10"]);
    expect(await vpc.dropped("06:ec:2a:00:00:00")).toEqual({ packets: 0, sources: [] });
  });
});
