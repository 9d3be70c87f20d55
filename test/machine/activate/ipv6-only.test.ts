// An IPv6-only subnet as EC2 has it: DHCPv4 gives 169.254.x.y/32, through which IMDS is reached, because
// IMDS over IPv6 is off by default. https://github.com/amazonlinux/amazon-ec2-utils/issues/27
// https://github.com/canonical/cloud-init/issues/5307 https://github.com/NixOS/amis/issues/110
import { describe, expect } from "bun:test";
import { startInstance, type TestInstance } from "../../kit/machine/vpc/instance.ts";
import { images } from "../../kit/machine/images.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { expectNothingToDo } from "../../kit/machine/checks/nothing-to-do.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { until } from "../../kit/basics/until.ts";

const testMachine = machineTest();

const only = { device: 0, ipv4: [], ipv6: ["2600:1f14:ec2:100::10"] } as const;
const addresses = ["2600:1f14:ec2:100::10", "169.254.1.10"];
const backends = ["networkd", "netplan", "network-manager"] as const;

describe.each(backends)("an IPv6-only instance with %s", (backend) => {
  testMachine("keeps its DHCPv4 lease: activate, renewal, timer, boot", async () => {
    // an hour on EC2; this is the shortest lease that dnsmasq gives
    const leaseSeconds = 120;
    const options = { enis: [only], ...images[backend], leaseSeconds };
    await using instance = await startInstance(options);
    const { machine } = instance;
    await untilAddresses(machine, addresses);

    await machine.run(["ec2nic", "activate"]);
    await expectWorking(instance);
    await expectNothingToDo(machine);
    if (backend === "network-manager") {
      // DHCPv6 gives no resolver; networkd alone does not write resolv.conf
      expect(await machine.read("/etc/resolv.conf")).toContain("nameserver 169.254.169.253");
      expect(await machine.run(["getent", "ahosts", "outside.example"])).toContain("198.51.10");
    } else {
      const status = await machine.run(["networkctl", "status", "ens5"]);
      expect(status).toContain("169.254.169.253");
    }

    const before = await countAcks(instance);
    const isRenewed = async () => (await countAcks(instance)) > before;
    await machine.until("the lease is renewed", isRenewed, leaseSeconds * 10_000);
    await expectWorking(instance);
    await expectNothingToDo(machine);

    // what the timer starts
    const { code, stderr } = await machine.exec(["ec2nic", "hotplug", "sync", "-v"]);
    expect(code).toBe(0);
    expect(stderr).not.toContain("reconfigure");
    await expectWorking(instance);

    await using booted = await instance.reboot();
    expect(await booted.machine.failedUnits()).toEqual([]);
    await expectWorking(booted);
    await expectNothingToDo(booted.machine);
  });
});

describe("an IPv6-only instance without any configuration", () => {
  testMachine("is configured with --dhcp", async () => {
    const enable = ["systemd-networkd.service"];
    await using instance = await startInstance({ enis: [only], enable, files: {} });
    const { machine } = instance;
    await machine.run(["ec2nic", "activate", "--dhcp"]);
    await untilAddresses(machine, addresses);
    await expectWorking(instance);
    await expectNothingToDo(machine);
  });
});

/** IMDS is reached, names are resolved, and no rule or table is for the link-local address. */
async function expectWorking({ machine, sandbox, vpc }: TestInstance): Promise<void> {
  await untilAddresses(machine, addresses);
  expect(await machine.run(["ec2nic", "fetch", "instance-id"])).toBe("i-0ec20000000000001\n");
  const { code, stdout } = await machine.exec(["ec2nic", "probe-nics", "--json"]);
  expect({ code, words: verdictWords(stdout) }).toEqual({ code: 0, words: ["reached"] });
  const rules = await machine.run(["ip", "-4", "rule", "show"]);
  expect(rules.trim().split("\n")).toHaveLength(3);
  expect(await machine.run(["ip", "-o", "link", "show", "ens5"])).toContain("mtu 9001 ");
  await until("ping to a host of the VPC", async () => {
    return (await machine.exec(["ping", "-6", "-c", "1", "-W", "1", inside6])).code === 0;
  });
  expect(await sandbox.run(["nft", "list", "tables"])).toContain("netdev");
  expect((await vpc.dropped("06:ec:2a:00:00:00")).sources).toEqual([]);
}

const inside6 = "2600:1f14:ec2:1fa::10";

function verdictWords(json: string): readonly string[] {
  const { nics } = JSON.parse(json) as {
    nics: readonly { rank: number | null; verdict: { word: string } }[];
  };
  return nics.filter(({ rank }) => rank !== null).map(({ verdict }) => verdict.word);
}

/** How often DHCPv4 has acknowledged the lease. */
async function countAcks({ sandbox, vpc }: TestInstance): Promise<number> {
  const log = await sandbox.run(["cat", vpc.eni("06:ec:2a:00:00:00").subnet.logFile]);
  return log.split("\n").filter((line) => line.includes("DHCPACK(subnet0) 169.254.1.10")).length;
}
