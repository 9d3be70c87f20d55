import { describe, expect } from "bun:test";
import { images } from "../../kit/machine/images.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { failedRows, packetTable } from "../../kit/machine/checks/packets.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";

const testMachine = machineTest();
const mac = "06:ec:2a:00:00:00";
const addresses = ["10.0.0.10", "2600:1f14:ec2:100::10"];

/** What is restarted, and the name server in resolv.conf; networkd alone writes none. */
const rows = [
  { ...images.networkd, daemon: "systemd-networkd.service", resolver: null },
  {
    ...images.netplan,
    enable: [...images.netplan.enable, "systemd-resolved.service"],
    daemon: "systemd-networkd.service",
    resolver: "127.0.0.53",
  },
  // NetworkManager writes resolv.conf with the resolver of the VPC
  { ...images["network-manager"], daemon: "NetworkManager.service", resolver: "10.0.0.2" },
];

describe("a machine without ec2nic's files", () => {
  for (const { enable, files, daemon, resolver } of rows) {
    testMachine(`with ${enable.join(" and ")} gets its leases, and all packets pass`, async () => {
      const enis = [{ device: 0, dualStack: true }];
      const scenario = { httpProtocolIpv6: "enabled" } as const;
      await using instance = await startInstance({ enis, enable, files, scenario });
      const { machine, vpc, sandbox } = instance;
      expect(await machine.failedUnits()).toEqual([]);
      // ten times what it needs, and less than a unit waits for a device that does not come (90 s)
      expect(machine.bootMs).toBeLessThan(60_000);
      await untilAddresses(machine, addresses);
      // the IPv6 address comes from DHCPv6, which a router advertisement with the M flag asks for
      const log = await sandbox.run(["cat", vpc.eni(mac).subnet.logFile]);
      expect(log).toContain("RTR-ADVERT(subnet0) 2600:1f14:ec2:100::");
      expect(log).toMatch(/DHCPREPLY\(subnet0\) 2600:1f14:ec2:100::10/);
      for (const endpoint of ["169.254.169.254", "[fd00:ec2::254]"]) {
        const fetch = ["fetch", "instance-id", "--endpoint", `http://${endpoint}`];
        expect(await machine.run(["ec2nic", ...fetch])).toBe("i-0ec20000000000001\n");
      }
      const table = await packetTable(instance);
      expect([table.length, failedRows(table)]).toEqual([2 * 3 * 2, []]);
      if (resolver !== null) {
        expect(await machine.read("/etc/resolv.conf")).toContain(resolver);
        expect(await machine.run(["getent", "ahostsv4", "outside.example"])).toContain("198.51.10");
      }

      expect((await machine.systemctl("restart", daemon)).code).toBe(0);
      await untilAddresses(machine, addresses);
      expect(await vpc.dropped(mac)).toEqual({ packets: 0, sources: [] });
    });
  }
});
