import { expect } from "bun:test";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { images } from "../../kit/machine/images.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { startInstance, type TestInstance } from "../../kit/machine/vpc/instance.ts";

const testTrixie = machineTest("trixie");

const enis = [{ device: 0 }, { device: 1, ipv4: ["10.0.1.10", "10.0.1.11"] }];

async function run({ machine }: TestInstance, ...argv: readonly string[]) {
  const { code, stdout, stderr } = await machine.exec(["ec2nic", ...argv], { timeoutMs: 120_000 });
  return { code, text: stdout + stderr };
}

// Each run said "configured" or "unchanged" with status 0, reconfigured the NIC and put an address
// on by hand, although nothing of ours was in force.
testTrixie("a .network file of the admin that wins over ours: 71 with its name", async () => {
  const path = "/etc/systemd/network/20-v4.network";
  await using instance = await startInstance({
    suite: "trixie",
    enis,
    ...images.networkd,
    files: { ...images.networkd.files, [path]: "[Match]\nName=ens6\n\n[Network]\nDHCP=ipv4\n" },
  });
  const { machine } = instance;
  await untilAddresses(machine, ["10.0.0.10", "10.0.1.10"]);
  for (const _ of [1, 2]) {
    const { code, text } = await run(instance, "activate");
    expect({ code, text }).toMatchObject({ code: 71 });
    expect(text).toContain(`networkd uses ${path}, not /etc/systemd/network/60-ec2nic-`);
    expect(text).toMatch(/ens6 eni-\S+: failed/);
    expect(text).toContain("sorts after 60-ec2nic-06ec2a000001.network");
  }
  expect((await run(instance, "hotplug", "sync")).code).toBe(71);
  const check = await run(instance, "activate", "--check");
  expect(check).toMatchObject({ code: 1 });
  expect(check.text).toContain(`networkd uses ${path}`);
  const journal = await machine.run(["journalctl", "-u", "systemd-networkd", "-o", "cat"]);
  expect(journal.match(/ens6: Reconfiguring/g) ?? []).toEqual([]);

  await machine.run(["rm", path]);
  expect(await run(instance, "activate")).toMatchObject({ code: 0 });
  await untilAddresses(machine, ["10.0.1.10", "10.0.1.11"]);
  expect(await run(instance, "activate", "--check")).toMatchObject({ code: 0 });
});

testTrixie("a profile of the admin that is active on a NIC: 71 with its name", async () => {
  const path = "/etc/NetworkManager/system-connections/own.nmconnection";
  const uuid = "0d9b1c6e-1111-4222-8333-06ec2a000001";
  const profile = `[connection]\nid=own\nuuid=${uuid}\ntype=ethernet\ninterface-name=ens6\n\n[ipv4]\nmethod=auto\n`;
  await using instance = await startInstance({
    suite: "trixie",
    enis,
    ...images["network-manager"],
    files: { [path]: { content: profile, mode: 0o600 } },
  });
  const { machine } = instance;
  await untilAddresses(machine, ["10.0.0.10", "10.0.1.10"]);
  expect(await run(instance, "activate")).toMatchObject({ code: 0 });
  await machine.run(["nmcli", "connection", "up", "uuid", uuid]);
  const { code, text } = await run(instance, "activate");
  expect({ code, text }).toMatchObject({ code: 71 });
  expect(text).toContain(`NetworkManager uses ${path}, not ec2nic's profile`);
  expect((await run(instance, "activate", "--check")).code).toBe(1);
  const [, command = ""] = /(nmcli connection up uuid \S+ ifname ens6)/.exec(text) ?? [];
  await machine.run(command.split(" "));
  expect(await run(instance, "activate")).toMatchObject({ code: 0 });
});

testTrixie("a NIC that networkd calls failed: 71", async () => {
  // the kernel refuses a route with an algorithm that it does not know
  const dropIn = "/etc/systemd/network/60-ec2nic-06ec2a000001.network.d/own.conf";
  await using instance = await startInstance({
    suite: "trixie",
    enis,
    ...images.networkd,
    files: {
      ...images.networkd.files,
      [dropIn]:
        "[Route]\nDestination=203.0.113.0/24\nGateway=10.0.1.1\nTCPCongestionControlAlgorithm=none-such\n",
    },
  });
  await untilAddresses(instance.machine, ["10.0.0.10", "10.0.1.10"]);
  const { code, text } = await run(instance, "activate");
  expect({ code, text }).toMatchObject({ code: 71 });
  expect(text).toContain("ens6: networkd could not configure it");
  const again = await run(instance, "activate");
  expect(again).toMatchObject({ code: 71 });
  expect(again.text).not.toMatch(/ens6 eni-\S+: (configured|unchanged)/);
  expect((await run(instance, "activate", "--check")).code).toBe(1);
});
