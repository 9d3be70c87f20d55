import { expect } from "bun:test";
import { imdsLoad } from "../../kit/machine/checks/imds-load.ts";
import { expectNoDifference } from "../../kit/machine/checks/nothing-to-do.ts";
import { slotOf } from "../../kit/machine/vpc/fake-bus.ts";
import { modestImages as images } from "../../kit/machine/images.ts";
import { type TestInstance, startInstance } from "../../kit/machine/vpc/instance.ts";
import type { Machine } from "../../kit/machine/machine.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";

const testMachine = machineTest("trixie");

const primary = { device: 0, dualStack: true };
const known = { device: 1, ipv4: ["10.0.1.10"] };

/** Starts an instance with the units of `--install`, whose boots have the udev event of each NIC. */
async function installed(
  image: (typeof images)[keyof typeof images],
  nics: readonly string[],
): Promise<TestInstance> {
  const files = { ...image.files, "/etc/ec2nic/always": "" };
  const enis = [primary, known];
  const instance = await startInstance({ suite: "trixie", enis, ...image, files, isOnBus: true });
  const { machine } = instance;
  await untilAddresses(machine, ["10.0.0.10"]);
  await machine.run(["ec2nic", "activate"]);
  await machine.run(["ec2nic", "hotplug", "--install"]);
  const folder = "/etc/systemd/system";
  for (const nic of nics) {
    const wanted = `${folder}/multi-user.target.wants/${unitOf(nic)}`;
    await machine.run(["ln", "-s", `${folder}/ec2nic-hotplug@.service`, wanted]);
  }
  return instance;
}

/** The unit that a udev rule starts for a NIC. No udev runs here: the boot starts the unit itself. */
function unitOf(nic: string): string {
  return `ec2nic-hotplug@${slotOf(nic)}_7.service`;
}

async function untilIdle(machine: Machine): Promise<void> {
  const argv = ["list-units", "--no-legend", "--state=active,activating", "ec2nic-*.service"];
  const isIdle = async () => (await machine.systemctl(...argv)).stdout.trim() === "";
  await machine.until("no unit of ec2nic runs", isIdle, 300_000);
}

/** The last message of the run that the event of a NIC started. */
async function lastMessage(machine: Machine, nic: string): Promise<string> {
  const journal = await machine.run([
    "journalctl",
    "-b",
    "-o",
    "cat",
    "--no-pager",
    "-t",
    "ec2nic",
  ]);
  const lines = journal.split("\n").filter((line) => line.startsWith(`ec2nic: ${nic}`));
  return lines.find((line) => /kept|settled/.test(line)) ?? journal;
}

async function requestsOf({ vpc }: TestInstance): Promise<number> {
  return (await imdsLoad(vpc.simulator)).requests;
}

for (const [backend, image] of Object.entries(images)) {
  testMachine(
    `${backend}: a boot without new NICs sends hardly more requests than activate`,
    async () => {
      await using before = await installed(image, ["ens5", "ens6"]);
      const ownStart = await requestsOf(before);
      await before.machine.run(["ec2nic", "activate"]);
      const own = (await requestsOf(before)) - ownStart;
      const bootAgain = async (instance: TestInstance): Promise<TestInstance> => {
        const start = await requestsOf(instance);
        const after = await instance.reboot();
        await untilIdle(after.machine);
        const requests = (await requestsOf(after)) - start;
        console.log(backend, requests, "requests of a boot,", own, "of activate alone");
        expect(await lastMessage(after.machine, "ens5")).toContain("ens5: kept (");
        expect(await lastMessage(after.machine, "ens6")).toContain("ens6: kept (");
        // while the network comes up, the path to IMDS is probed more than once
        expect(requests).toBeLessThan(own + 10);
        return after;
      };
      // twice: the number of requests must not depend on which unit is faster
      await using _ = await bootAgain(await bootAgain(before));
    },
  );

  testMachine(`${backend}: a boot watches a new NIC, and a NIC with new addresses`, async () => {
    await using before = await installed(image, ["ens5", "ens6", "ens7"]);
    const late = { ipv6s: 8000, "subnet-ipv6-cidr-blocks": 8000, "vpc-ipv6-cidr-blocks": 8000 };
    const offline = { link: false };
    await before.vpc.change({ ...known, ipv4: ["10.0.1.10", "10.0.1.11"], dualStack: true, late });
    await before.vpc.attach(before.machine, { device: 2, dualStack: true, late }, offline);
    await using after = await before.reboot();
    const { machine } = after;
    const ipv6 = ["2600:1f14:ec2:101::10", "2600:1f14:ec2:102::10"];
    await untilAddresses(machine, ["10.0.0.10", "10.0.1.11", "10.0.2.10", ...ipv6]);
    await untilIdle(machine);
    const rules = await machine.run(["ip", "-6", "rule"]);
    for (const address of ipv6) expect(rules).toContain(`from ${address} lookup`);
    expect(await lastMessage(machine, "ens5")).toContain("ens5: kept (");
    for (const nic of ["ens6", "ens7"])
      expect(await lastMessage(machine, nic)).toContain("settled");
    await expectNoDifference(machine);
  });
}
