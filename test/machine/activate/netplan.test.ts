import { describe, expect } from "bun:test";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { failedRows, packetTable } from "../../kit/machine/checks/packets.ts";
import { pingThrough } from "../../kit/machine/checks/ping-through.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";

const testMachine = machineTest();

/** The NICs have different metrics: of two default routes with the same metric any may be used. */
const netplan = (name: string, mac: string, metric: number): string => `network:
  version: 2
  renderer: networkd
  ethernets:
    ${name}:
      match: {macaddress: "${mac}"}
      dhcp4: true
      dhcp6: true
      dhcp4-overrides: {route-metric: ${metric}}
      dhcp6-overrides: {route-metric: ${metric}}
`;

describe("a machine with netplan and networkd", () => {
  testMachine(
    "is configured at boot, and loses no ping when a second NIC is detached",
    async () => {
      await using instance = await startInstance({
        enis: [{ device: 0, dualStack: true }],
        enable: ["systemd-networkd.service", "systemd-resolved.service"],
        files: {
          "/etc/netplan/50-ens5.yaml": {
            content: netplan("ens5", "06:ec:2a:00:00:00", 512),
            mode: 0o600,
          },
        },
      });
      const { machine, vpc } = instance;
      expect(await machine.failedUnits()).toEqual([]);
      await untilAddresses(machine, ["10.0.0.10", "2600:1f14:ec2:100::10"]);
      expect(await machine.run(["ls", "/run/systemd/network"])).toContain(
        "10-netplan-ens5.network",
      );
      expect(failedRows(await packetTable(instance))).toEqual([]);
      expect(await machine.read("/etc/resolv.conf")).toContain("127.0.0.53");
      expect(await machine.run(["getent", "ahostsv4", "inside.vpc.example"])).toContain(
        "10.0.250.10",
      );

      const second = await vpc.attach(machine, { device: 1 });
      expect(second.nic).toBe("ens6");
      await machine.write("/etc/netplan/50-ens6.yaml", netplan("ens6", second.mac, 513), 0o600);
      await machine.run(["netplan", "apply"]);
      await untilAddresses(machine, ["10.0.0.10", "10.0.1.10"]);
      const key = `network/interfaces/macs/${second.mac}/local-ipv4s`;
      expect(await machine.run(["ec2nic", "fetch", key, "--format", "text"])).toBe("10.0.1.10\n");

      // `netplan apply` requests new leases, and returns before it has them
      const online = ["-i", "ens5", "-i", "ens6", "--timeout=120"];
      await machine.run(["/lib/systemd/systemd-networkd-wait-online", ...online]);
      const isSettled = async (): Promise<boolean> =>
        ((await machine.run(["networkctl", "--no-legend"])).match(/ configured/g) ?? []).length ===
        2;
      await machine.until("both NICs are configured", isSettled);
      const ping = await pingThrough(instance, { address: "10.0.0.10" });
      await vpc.detach(second.mac);
      const isGone = async (): Promise<boolean> =>
        !(await machine.run(["ip", "link"])).includes("ens6");
      await machine.until("ens6 is gone", isGone);
      const { sent, lostNumbers } = await ping.stop();
      expect(lostNumbers).toEqual([]);
      expect(sent).toBeGreaterThan(1);
    },
  );
});
