import { afterAll, beforeAll, expect, setDefaultTimeout } from "bun:test";
import { machineLimitMs } from "../../kit/machine/machine-test.ts";
import { eni, type EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import { type FakeBus, fakeBus, slotOf } from "../../kit/machine/vpc/fake-bus.ts";
import { images } from "../../kit/machine/images.ts";
import { type TestInstance, startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { rootFileSystem } from "../../kit/machine/root-file-system.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(machineLimitMs);
const missing = machineMissing();
const testMachine = testUnless(missing);

/** All tests share one machine: each ends with only the primary and its device. */
let instance: TestInstance;
let bus: FakeBus;
beforeAll(async () => {
  if (missing !== null) return;
  await rootFileSystem("bookworm");
  instance = await startInstance({ enis: [{ device: 0 }], ...images.networkd });
  bus = await fakeBus(instance.machine);
  await bus.plug(slotOf("ens5"), "ens5");
  await untilAddresses(instance.machine, ["10.0.0.10"]);
  await ec2nic("activate");
}, machineLimitMs);
afterAll(async () => void (missing ?? (await instance.stop())));

const second: EniSpec = { device: 1 };
const { mac, id } = eni(second);
const otherMac = "06:ec:2a:00:00:99";

testMachine(
  "hotplug add retires the old NIC of a slot, whose removal event was lost, and configures the new one",
  async () => {
    await plug(second);
    await instance.vpc.detach(mac, { lingerMs: 60_000 });
    await bus.remove(slotOf("ens6"));
    const added = await plug({ ...second, mac: otherMac, ipv4: ["10.0.1.20"] });
    expect(added.nics).toMatchObject([
      { mac: otherMac, outcome: "configured" },
      { mac, outcome: "retired" },
    ]);
    await expectConfigured(["10.0.1.20"], ["10001"]);
    await unplug(otherMac, "ens6");
  },
);

testMachine("a new MAC with the id of an earlier ENI is configured", async () => {
  await plug(second);
  await unplug(mac, "ens6");
  await plug({ ...second, mac: otherMac, id, ipv4: ["10.0.1.20"] });
  await expectConfigured(["10.0.1.20"], ["10001"]);
  await unplug(otherMac, "ens6");
});

testMachine(
  "an ENI moves to the table of another device index, also where its removal event was lost",
  async () => {
    await plug(second);
    await instance.vpc.detach(mac);
    await bus.remove(slotOf("ens6"));
    await plug({ ...eni(second), device: 3 });
    await expectConfigured(["10.0.1.10"], ["10003"]);
    await unplug(mac, "ens8");
  },
);

testMachine("hotplug sync adds and removes addresses and a prefix of a running NIC", async () => {
  await plug(second);
  const more = { ...second, ipv4: ["10.0.1.10", "10.0.1.11"], ipv4Prefixes: ["10.0.1.64/28"] };
  await instance.vpc.change(more);
  expect(await ec2nic("hotplug", "sync")).toMatchObject({ outcome: "configured" });
  await expectConfigured(["10.0.1.10", "10.0.1.11"], ["10001"]);
  expect(await instance.machine.run(["ip", "rule"])).toContain("from 10.0.1.64/28");
  await instance.vpc.change(second);
  expect(await ec2nic("hotplug", "sync")).toMatchObject({ outcome: "configured" });
  await expectConfigured(["10.0.1.10"], ["10001"]);
  expect(await instance.machine.run(["ip", "rule"])).not.toContain("10.0.1.64");
  await unplug(mac, "ens6");
});

testMachine("hotplug sync configures and retires a NIC whose events were lost", async () => {
  const { nic } = await instance.vpc.attach(instance.machine, second);
  await bus.plug(slotOf(nic), nic);
  expect(await ec2nic("hotplug", "sync")).toMatchObject({ outcome: "configured" });
  await expectConfigured(["10.0.1.10"], ["10001"]);
  await instance.vpc.detach(mac, { lingerMs: 60_000 });
  await bus.remove(slotOf(nic));
  // IMDS still lists the NIC, but its device is gone
  expect(await ec2nic("hotplug", "sync")).toMatchObject({ outcome: "retired" });
  await instance.vpc.simulator.order("detach", { mac });
  await expectConfigured([], []);
});

testMachine(
  "a NIC that is added while a driver is unloaded does not change the NICs of that driver",
  async () => {
    await plug(second);
    await instance.vpc.detach(mac, { metadata: false });
    await bus.unbind(slotOf("ens6"));
    const third = { device: 2 };
    expect((await plug(third)).nics).toMatchObject([
      { mac: eni(third).mac, outcome: "configured" },
    ]);
    await instance.vpc.attach(instance.machine, second, { metadata: false });
    await bus.rebind(slotOf("ens6"), "ens6");
    await ec2nic("hotplug", "add", "--devpath", `${slotOf("ens6")}_9`);
    await expectConfigured(["10.0.1.10", "10.0.2.10"], ["10001", "10002"]);
    await unplug(mac, "ens6");
    await unplug(eni(third).mac, "ens7");
  },
);

testMachine(
  "hotplug sync retires and configures NICs that were swapped while the instance was stopped",
  async () => {
    await plug(second);
    await instance.vpc.detach(mac);
    const swapped = { ...second, mac: otherMac, ipv4: ["10.0.1.20"] };
    await instance.vpc.attach(instance.machine, swapped);
    instance = await instance.reboot();
    bus = await fakeBus(instance.machine);
    for (const { nic } of instance.vpc.enis()) await bus.plug(slotOf(nic), nic);
    await untilAddresses(instance.machine, ["10.0.0.10"]);
    const synced = await ec2nic("hotplug", "sync");
    expect(synced.nics).toContainEqual(expect.objectContaining({ mac, outcome: "retired" }));
    await expectConfigured(["10.0.1.20"], ["10001"]);
  },
);

interface HotplugResult {
  readonly outcome: string;
  readonly nics: readonly object[];
}

async function ec2nic(...args: readonly string[]): Promise<HotplugResult> {
  const argv = ["ec2nic", ...args, "--json"];
  const { code, stdout, stderr } = await instance.machine.exec(argv);
  expect({ args, code, stderr }).toMatchObject({ code: 0 });
  return JSON.parse(stdout);
}

/** Attaches an ENI, and runs the command of the unit that udev starts. */
async function plug(spec: EniSpec): Promise<HotplugResult> {
  const { nic } = await instance.vpc.attach(instance.machine, spec);
  await bus.plug(slotOf(nic), nic);
  const added = await ec2nic("hotplug", "add", "--devpath", `${slotOf(nic)}_7`, "--settle", "0s");
  expect(added.outcome).toBe("configured");
  return added;
}

async function unplug(which: string, nic: string): Promise<void> {
  await instance.vpc.detach(which);
  await bus.remove(slotOf(nic));
  expect(await ec2nic("hotplug", "remove")).toMatchObject({
    outcome: "retired",
    nics: [{ mac: which }],
  });
}

/** Asserts that there are exactly these tables beside the primary's, these addresses, and nothing left to do. */
async function expectConfigured(
  addresses: readonly string[],
  tables: readonly string[],
): Promise<void> {
  const { machine } = instance;
  await untilAddresses(machine, ["10.0.0.10", ...addresses]);
  await machine.until("activate --check finds no difference", async () => {
    const { code, stdout, stderr } = await machine.exec(["ec2nic", "activate", "--check"]);
    if (code !== 0) throw new Error(`${code}: ${stdout}${stderr}`);
    return true;
  });
  const again = await ec2nic("activate");
  expect(["unchanged", again]).toContain(again.outcome);
  const script =
    "ip rule | grep -o 'lookup 1[0-9]*' | sort -u; ip route show table all | grep -o 'table 1[0-9]*' | sort -u";
  const output = await machine.run(["sh", "-c", script]);
  const used = new Set(output.match(/\d+/g) ?? []);
  expect([...used].toSorted()).toEqual(["10000", ...tables]);
}
