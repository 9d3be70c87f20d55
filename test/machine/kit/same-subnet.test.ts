// https://blog.ipspace.net/2020/05/aws-networking-101/: the VPC answers ARP, and keeps the TTL
import { expect } from "bun:test";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { startDaemon } from "../../kit/machine/daemon.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import type { Sandbox } from "../../kit/machine/sandbox.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";

const testMachine = machineTest();

const subnet = { subnetCidr: "10.0.0.0/24", subnetIpv6Cidrs: ["2600:1f14:ec2:100::/64"] };
const first = { ...subnet, device: 0, ipv4: ["10.0.0.10"], ipv6: ["2600:1f14:ec2:100::10"] };
const second = { ...subnet, device: 1, ipv4: ["10.0.0.20"], ipv6: ["2600:1f14:ec2:100::20"] };

testMachine("ENIs of one subnet reach each other, without a router in between", async () => {
  await using instance = await startInstance({ enis: [first] });
  const { machine, sandbox, vpc } = instance;
  const other = { pid: await startNetwork(sandbox) };
  const { mac } = await vpc.attach(other, second, { metadata: false });
  await machine.run(["sh", "-ec", setUp("ens5", [...first.ipv4, ...first.ipv6])]);
  const enter = ["nsenter", "-t", String(other.pid), "-n"];
  await sandbox.run([...enter, "sh", "-ec", setUp("ens6", [...second.ipv4, ...second.ipv6])]);
  for (const to of [...second.ipv4, ...second.ipv6]) {
    expect(await machine.run(["ping", "-c", "1", "-W", "10", to])).toContain("ttl=64 ");
    expect(await machine.run(["ip", "neigh", "show", to])).toContain(`lladdr ${mac}`);
  }
});

/** Starts a process with a network of its own, which ends with the sandbox; its process id. */
async function startNetwork(sandbox: Sandbox): Promise<number> {
  const logFile = join(sandbox.folder, "other");
  const script = 'read -r pid _ </proc/self/stat; echo "$pid up"; exec sleep infinity';
  const isUp = (output: string): boolean => output.includes(" up\n");
  await startDaemon(sandbox, { argv: ["unshare", "--net", "sh", "-c", script], logFile, isUp });
  return Number.parseInt(readFileSync(logFile, "utf8"), 10);
}

function setUp(nic: string, addresses: readonly string[]): string {
  const add = addresses.map((address) =>
    address.includes(":")
      ? `ip address add ${address}/64 dev ${nic} nodad`
      : `ip address add ${address}/24 dev ${nic}`,
  );
  return [`ip link set ${nic} up`, ...add].join("; ");
}
