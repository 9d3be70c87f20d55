import { beforeAll, expect, setDefaultTimeout } from "bun:test";
import { startInstance } from "../support/machine/instance.ts";
import type { Machine } from "../support/machine/machine.ts";
import { machineMissing } from "../support/machine/missing.ts";
import { rootFileSystem } from "../support/machine/root-file-system.ts";
import { testUnless } from "../support/skip.ts";

/** `BOOTS=100` for the whole thing; CI takes a few. */
const boots = Number(process.env["BOOTS"] ?? "8");
setDefaultTimeout(60_000 + boots * 10_000);
const missing = machineMissing();
const testMachine = testUnless(missing);
beforeAll(async () => void (missing ?? (await rootFileSystem("bookworm"))), 600_000);

const resolvConf = "# an admin wrote this\nnameserver 10.0.0.2\n";
const manager = "NetworkManager.service";
const enis = [
  { device: 0, ipv4: ["10.0.0.10"] },
  { device: 1, ipv4: ["10.0.1.10"] },
];
/** A profile that brings no name servers: NetworkManager then writes a file without any. */
const quiet = {
  content:
    "[connection]\nid=image\ntype=ethernet\ninterface-name=ens5\nautoconnect-priority=-10\n\n[ipv4]\nmethod=auto\nignore-auto-dns=true\n\n[ipv6]\nmethod=ignore\n",
  mode: 0o600,
};
const files = {
  "/etc/resolv.conf": resolvConf,
  "/etc/NetworkManager/conf.d/10-image.conf": "[main]\nno-auto-default=*\n",
  "/etc/NetworkManager/system-connections/image.nmconnection": quiet,
};

type Deed = (machine: Machine) => Promise<unknown>;
const waitOnline: Deed = ({ exec }) => exec(["nm-online", "--quiet", "--timeout=10"]);
const startManager: Deed = async (machine) => {
  await machine.systemctl("start", manager);
  await waitOnline(machine);
};
const local: Deed = ({ exec }) =>
  exec(["ec2nic", "activate", "--stage", "local", "--metadata", "/root/m.json"]);
const network: Deed = ({ exec }) =>
  exec(["ec2nic", "activate", "--stage", "network", "--metadata", "/root/m.json"]);

/** Everything that a boot changes, as it was before. */
async function powerCycle(machine: Machine): Promise<void> {
  await machine.systemctl("stop", manager);
  await machine.exec([
    "sh",
    "-c",
    "rm -f /etc/NetworkManager/conf.d/90-* /etc/NetworkManager/system-connections/ec2nic-* /run/ec2nic/*; ip address flush dev ens5; ip address flush dev ens6; rm -rf /run/NetworkManager /var/lib/NetworkManager/*",
  ]);
  await machine.write("/etc/resolv.conf", resolvConf);
}

async function hasServers(machine: Machine): Promise<boolean> {
  return /^nameserver /m.test(await machine.read("/etc/resolv.conf"));
}

async function instanceWithMetadata(profile: object = {}) {
  const instance = await startInstance({ enis, files: { ...files, ...profile } });
  const { machine } = instance;
  await machine.systemctl("start", manager);
  await waitOnline(machine);
  await machine.run(["ec2nic", "fetch", "--json", "--output", "/root/m.json"]);
  await machine.systemctl("enable", manager);
  return instance;
}

const orders: readonly (readonly Deed[])[] = [
  [local, startManager, network],
  [local, network, startManager],
];

testMachine(
  `${boots} boots, our local stage before NetworkManager as its unit has it: none loses its name servers`,
  async () => {
    await using instance = await instanceWithMetadata();
    const { machine } = instance;
    for (let boot = 0; boot < boots; boot += 1) {
      await powerCycle(machine);
      for (const deed of orders[boot % orders.length] ?? []) await deed(machine);
      expect({ boot, has: await hasServers(machine) }).toEqual({ boot, has: true });
      await machine.systemctl("restart", manager);
      await waitOnline(machine);
      expect({ boot, restarted: await hasServers(machine) }).toEqual({ boot, restarted: true });
      await machine.systemctl("stop", manager);
      expect({ boot, stopped: await machine.read("/etc/resolv.conf") }).toEqual({
        boot,
        stopped: resolvConf,
      });
    }
  },
);

/** As DHCP has it: NetworkManager has name servers of its own to write. */
const talking = {
  "/etc/NetworkManager/system-connections/image.nmconnection": {
    ...quiet,
    content: quiet.content.replace("ignore-auto-dns=true\n", ""),
  },
};
const anyOrder: readonly (readonly Deed[])[] = [
  [startManager, local, network],
  [startManager, network, local],
  [network, startManager, local],
  [network, local, startManager],
  ...orders,
];

testMachine(
  `${boots} boots, everything in any order, NetworkManager with servers from DHCP: there always are some`,
  async () => {
    await using instance = await instanceWithMetadata(talking);
    const { machine } = instance;
    for (let boot = 0; boot < boots; boot += 1) {
      await powerCycle(machine);
      for (const deed of anyOrder[boot % anyOrder.length] ?? []) await deed(machine);
      expect({ boot, has: await hasServers(machine) }).toEqual({ boot, has: true });
      await machine.systemctl("restart", manager);
      await waitOnline(machine);
      expect({ boot, restarted: await hasServers(machine) }).toEqual({ boot, restarted: true });
      await machine.systemctl("stop", manager);
      expect({ boot, stopped: await hasServers(machine) }).toEqual({ boot, stopped: true });
    }
  },
);

testMachine("without the drop-in they are lost, so that the test above can fail", async () => {
  await using instance = await instanceWithMetadata();
  const { machine } = instance;
  await powerCycle(machine);
  await local(machine);
  await machine.remove("/etc/NetworkManager/conf.d/90-ec2nic-dns.conf");
  await startManager(machine);
  expect(await machine.read("/etc/resolv.conf")).not.toBe(resolvConf);
});
