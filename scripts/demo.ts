/**
 * `make demo`: shows ec2nic on a simulated instance with two NICs (veth pairs) and the metadata
 * service on 169.254.169.254 behind them. All of it is in namespaces, so that nothing on the machine
 * is changed. Exits with 1 if a result is not the expected one.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { enterNamespaces } from "./shared/enter-namespaces.ts";
import { needTools } from "./shared/need-tools.ts";
import {
  addAddress,
  addNic,
  type VethNic,
  buildNetwork,
  imdsAddresses,
  inVpcArgv,
  removeNic,
  dropIncoming,
} from "./shared/veth-network.ts";
import { onTerminal } from "../test/kit/program/pty.ts";
import { showCommand, showTitle } from "./demo/show.ts";
import { formatSeconds } from "./shared/format.ts";

const nics: readonly VethNic[] = [
  { name: "ens5", mac: "06:a1:00:00:00:05", address: "10.0.0.10/24" },
  { name: "ens6", mac: "06:a1:00:00:00:06", address: null },
];

const scenario = {
  tags: { Name: "web 1", Note: 'say "hi"; $(reboot)' },
  enis: [
    { device: 0, mac: "06:a1:00:00:00:05", ipv4: ["10.0.0.10", "10.0.0.11"] },
    { device: 1, mac: "06:a1:00:00:00:06", ipv4: ["10.0.1.20"], dualStack: true },
  ],
};

const binary = join(import.meta.dir, "../dist/ec2nic");
const unexpected: string[] = [];

needTools({
  ip: "iproute2",
  unshare: "util-linux",
  nsenter: "util-linux",
  mount: "mount",
  script: "bsdutils",
});
await enterNamespaces();
const startMs = performance.now();
const folder = mkdtempSync(join(tmpdir(), "ec2nic-demo-"));
buildNetwork(nics);
const simulator = await startSimulator();
try {
  await demo();
} finally {
  simulator.kill();
  await simulator.exited;
  rmSync(folder, { recursive: true });
}
for (const each of unexpected) console.log(`FAILED: ${each}`);
console.log(
  `\nThe demo took ${formatSeconds(performance.now() - startMs)} and left nothing behind.`,
);
process.exit(unexpected.length === 0 ? 0 : 1);

async function demo(): Promise<void> {
  showTitle("an instance with two NICs; the metadata service is on 169.254.169.254");
  await ec2nic(0, "fetch", "instance-id");
  await ec2nic(0, "fetch", "placement");

  showTitle("variables that a shell can eval safely, whatever a tag contains");
  await ec2nic(0, "fetch", "instance-id", "tags/instance/Note", "--format", "env");

  showTitle("the service throttles: it answers 503 twice, and then refuses a new token");
  await simulate("fault", { match: "PUT *", times: 2, fault: { kind: "status", status: 503 } });
  await simulate("fault", { match: "PUT *", times: 1, fault: { kind: "token-rejected" } });
  await ec2nic(0, "fetch", "placement/region", "-v");

  showTitle("a key that does not exist, and a key that appears one second later");
  await ec2nic(66, "fetch", "tags/instance/Missing");
  setTimeout(() => void simulate("set", { path: "tags/instance/Late", value: "here" }), 1000);
  await ec2nic(0, "fetch", "tags/instance/Late", "--wait");

  showTitle("a preview of the network configuration; nothing is written");
  const local = ["activate", "--stage", "local", "--backend", "netplan", "--root", folder];
  await ec2nic(0, ...local, "--dry-run");

  showTitle("the configuration is written, and a second run changes nothing");
  await ec2nic(0, ...local);
  const file = join(folder, "etc/netplan/60-ec2nic-06a100000006.yaml");
  const before = readFileSync(file, "utf8");
  await ec2nic(0, ...local);
  expect(readFileSync(file, "utf8") === before, "the second run does not change the file");

  showTitle("a third ENI is attached; ec2nic waits for its IPv6 address, which is listed late");
  const late = { ipv6s: { afterMs: 2000, listed: true } };
  await simulate("attach", { device: 2, mac: "06:a1:00:00:00:07", dualStack: true, late });
  await ec2nic(0, ...local);

  showTitle("a NIC is plugged in; IMDS lists it after 0.5 s, and its IPv6 address after 4.5 s");
  const plugged = { name: "ens8", mac: "06:a1:00:00:00:08" };
  const lateIpv6 = { ".": 500, ipv6s: 4500, "subnet-ipv6-cidr-blocks": 4500 };
  addNic({ ...plugged, address: null });
  await simulate("attach", { device: 3, mac: plugged.mac, dualStack: true, late: lateIpv6 });
  const target = local.slice(1);
  await ec2nic(0, "hotplug", "add", "--nic", plugged.name, ...target, "--settle", "5s");
  const config = readFileSync(join(folder, "etc/netplan/60-ec2nic-06a100000008.yaml"), "utf8");
  expect(/dhcp6: true/.test(config), "the file of the plugged NIC has IPv6");

  showTitle("the NIC is removed while IMDS still lists it: its file is removed");
  removeNic(plugged.name);
  await ec2nic(0, "hotplug", "remove", ...target);
  const removed = join(folder, "etc/netplan/60-ec2nic-06a100000008.yaml");
  expect(!existsSync(removed), "the file of the removed NIC is gone");
  await simulate("detach", { mac: plugged.mac });

  showTitle("the service is switched off for this instance");
  await simulate("fault", { fault: { kind: "status", status: 403 } });
  await ec2nic(78, "fetch", "instance-id");
  await simulate("clear-faults", {});

  showTitle("the NIC with the default route drops all packets: IMDS is reached through the other");
  addAddress("ens6", "10.0.1.20/24");
  dropIncoming("ens5");
  await ec2nic(0, "fetch", "instance-id", "-v");
  const { code } = await showCommand(["ec2nic", "probe-nics"], binary, { around: onTerminal(80) });
  expect(code === 0, `ec2nic probe-nics exits with 0, not with ${code}`);
}

async function ec2nic(expected: number, ...args: readonly string[]): Promise<void> {
  const { code } = await showCommand(["ec2nic", ...args], binary);
  expect(code === expected, `ec2nic ${args.join(" ")} exits with ${expected}, not with ${code}`);
}

/** Notes `statement` as failed where it is not true. */
function expect(isTrue: boolean, statement: string): void {
  if (!isTrue) unexpected.push(statement);
}

async function startSimulator() {
  const file = join(folder, "scenario.json");
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify(scenario));
  const program = join(import.meta.dir, "simulator/main.ts");
  const listen = imdsAddresses.flatMap((address) => [
    "--listen",
    address.includes(":") ? `[${address}]:80` : `${address}:80`,
  ]);
  const argv = [process.execPath, program, "--ipv6", "--scenario", file, ...listen];
  const child = Bun.spawn([...inVpcArgv(argv)], { stdio: ["ignore", "pipe", "inherit"] });
  const { value } = await child.stdout.getReader().read();
  if (value === undefined) throw new Error("the simulator did not start");
  return child;
}

async function simulate(order: string, body: object): Promise<void> {
  const url = `http://${imdsAddresses[0]}/_simulator/${order}`;
  const response = await fetch(url, {
    method: "POST",
    body: JSON.stringify(body),
    proxy: false,
  } as RequestInit);
  if (!response.ok) throw new Error(`simulator: ${order}: ${await response.text()}`);
}
