import { describe, expect } from "bun:test";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { failedRows, packetTable } from "../../kit/machine/checks/packets.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";

const testMachine = machineTest();

const ens5 = `[connection]
id=ens5
uuid=0d9b1c6e-1111-4222-8333-06ec2a000000
type=ethernet

[ethernet]
mac-address=06:ec:2a:00:00:00

[ipv4]
method=auto

[ipv6]
method=auto
`;

describe("a machine with NetworkManager", () => {
  testMachine("gets its leases, reaches IMDS, and all packets pass", async () => {
    await using instance = await startInstance({
      enis: [{ device: 0, dualStack: true }],
      enable: ["NetworkManager.service"],
      files: {
        "/etc/NetworkManager/system-connections/ens5.nmconnection": { content: ens5, mode: 0o600 },
      },
    });
    const { machine, vpc } = instance;
    expect(await machine.failedUnits()).toEqual([]);
    await untilAddresses(machine, ["10.0.0.10", "2600:1f14:ec2:100::10"]);
    const device = await machine.run(["nmcli", "-t", "-f", "DEVICE,STATE", "device"]);
    expect(device).toContain("ens5:connected");
    expect(await machine.run(["ec2nic", "fetch", "instance-id"])).toBe("i-0ec20000000000001\n");
    expect(failedRows(await packetTable(instance))).toEqual([]);
    // NetworkManager writes resolv.conf with the resolver of the VPC
    expect(await machine.read("/etc/resolv.conf")).toContain("nameserver 10.0.0.2");
    expect(await machine.run(["getent", "ahostsv4", "outside.example"])).toContain("198.51.100.7");

    expect((await machine.systemctl("restart", "NetworkManager.service")).code).toBe(0);
    await untilAddresses(machine, ["10.0.0.10"]);
    expect(await vpc.dropped("06:ec:2a:00:00:00")).toEqual({ packets: 0, sources: [] });
  });
});
