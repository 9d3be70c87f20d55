import { expect } from "bun:test";
import { imdsLoad } from "../../kit/machine/checks/imds-load.ts";
import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import { fakeBus, slotOf } from "../../kit/machine/vpc/fake-bus.ts";
import { images } from "../../kit/machine/images.ts";
import { type TestInstance, startInstance } from "../../kit/machine/vpc/instance.ts";
import type { Machine } from "../../kit/machine/machine.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { pingThrough } from "../../kit/machine/checks/ping-through.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";

const testMachine = machineTest();

const enis: readonly EniSpec[] = [
  { device: 0 },
  { device: 1, ipv4: ["10.0.1.10", "10.0.1.11"] },
  { device: 2 },
];
const [, reloaded = { device: 1 }] = enis;
const mac = "06:ec:2a:00:00:01";
const slot = slotOf("ens6");
const all = ["10.0.0.10", "10.0.1.10", "10.0.1.11", "10.0.2.10"];

for (const [backend, image] of Object.entries(images)) {
  testMachine(
    `${backend}: a driver reload causes no request and no write, and a detach removes only that NIC's files`,
    async () => {
      await using instance = await startInstance({ enis, ...image });
      const { machine, vpc } = instance;
      const bus = await fakeBus(machine);
      for (const { nic } of vpc.enis()) await bus.plug(slotOf(nic), nic);
      await untilAddresses(machine, ["10.0.0.10"]);
      expect((await machine.exec(["ec2nic", "activate"])).code).toBe(0);
      await untilAddresses(machine, all);
      const [files, routing] = [await filesOf(machine), await routingOf(machine)];
      const requests = await requestsOf(instance);

      await vpc.detach(mac, { metadata: false });
      await bus.unbind(slot);
      const traced = ["strace", "--follow-forks", "--trace=execve", "--output=/run/programs"];
      const unloaded = await hotplug(machine, ["remove"], traced);
      const why = `${slot} is on its bus without a driver`;
      expect(unloaded.nics).toEqual([{ mac, name: null, eni: null, outcome: "kept", reason: why }]);
      // it asks no other program, for which it would have to wait
      const programs = (await machine.run(["cat", "/run/programs"])).match(/execve\("[^"]*/g);
      expect(programs).toEqual([expect.stringContaining("ec2nic")]);

      await vpc.attach(machine, reloaded, { metadata: false });
      await bus.rebind(slot, "ens6");
      const loaded = await hotplug(machine, ["add", "--devpath", `${slot}_77`]);
      expect(loaded.nics).toMatchObject([{ mac, name: "ens6", outcome: "kept" }]);
      await untilAddresses(machine, all);
      await machine.until("routes and rules are as before", async () =>
        Bun.deepEquals(await routingOf(machine), routing),
      );
      expect(await requestsOf(instance)).toEqual(requests);
      expect(await filesOf(machine)).toEqual(files);

      // hotplug add also activates a NIC that the daemon leaves down
      await machine.run(takeDown[backend as keyof typeof images]);
      expect((await hotplug(machine, ["add", "--devpath", `${slot}_78`])).nics).toMatchObject([
        { outcome: "kept" },
      ]);
      await untilAddresses(machine, all);
      expect(await requestsOf(instance)).toEqual(requests);

      const ping = await pingThrough(instance, { address: "10.0.0.10" });
      await vpc.detach(mac, { lingerMs: 60_000 });
      await bus.remove(slot);
      const detached = await hotplug(machine, ["remove"]);
      expect(detached.nics).toMatchObject([{ mac, outcome: "retired" }]);
      expect(detached.imds).toBeNull();
      expect((await ping.stop()).lost).toBe(0);
      expect(await requestsOf(instance)).toEqual(requests);
      const left = files.filter((line) => !line.includes("06ec2a000001"));
      expect(await filesOf(machine)).toEqual(left);
      expect((await routingOf(machine)).filter((line) => /10\.0\.1\.|ens6/.test(line))).toEqual([]);
    },
  );
}

/** Commands after which the daemon leaves the NIC down. */
const takeDown = {
  networkd: ["networkctl", "down", "ens6"],
  netplan: ["networkctl", "down", "ens6"],
  "network-manager": ["nmcli", "device", "disconnect", "ens6"],
} as const;

interface HotplugResult {
  readonly nics: readonly object[];
  readonly imds: object | null;
}

async function hotplug(
  machine: Machine,
  args: readonly string[],
  around: readonly string[] = [],
): Promise<HotplugResult> {
  const argv = [...around, "ec2nic", "hotplug", ...args, "--json"];
  const { code, stdout, stderr } = await machine.exec(argv);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return JSON.parse(stdout);
}

/** The files of ec2nic, with the inode and the time, which change where a file is written again. */
async function filesOf(machine: Machine): Promise<readonly string[]> {
  const find = ["find", "/etc", "-name", "*ec2nic*", "-printf", "%p %i %T@ %m\n"];
  return (await machine.run(find)).trim().split("\n").toSorted();
}

async function routingOf(machine: Machine): Promise<readonly string[]> {
  const script = "ip rule; ip -4 route show table all | grep -v 'table local'";
  const output = await machine.run(["sh", "-c", script]);
  return output
    .split("\n")
    .map((line) => line.trim())
    .toSorted();
}

async function requestsOf({ vpc }: TestInstance): Promise<number> {
  return (await imdsLoad(vpc.simulator)).requests;
}
