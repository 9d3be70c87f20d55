import { beforeAll, expect, setDefaultTimeout } from "bun:test";
import * as v from "valibot";
import { slotOf } from "../../kit/machine/vpc/fake-bus.ts";
import { modestImages as images } from "../../kit/machine/images.ts";
import { type TestInstance, startInstance } from "../../kit/machine/vpc/instance.ts";
import type { Machine } from "../../kit/machine/machine.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { rootFileSystem } from "../../kit/machine/root-file-system.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(180_000);
const missing = machineMissing();
const testMachine = testUnless(missing);
beforeAll(async () => void (missing ?? (await rootFileSystem("trixie"))), 600_000);

const primary = { device: 0, dualStack: true };
const known = { device: 1, ipv4: ["10.0.1.10"] };

/** An instance that has all that `--install` writes, and whose boots have udev's event of each NIC. */
async function installed(
  image: (typeof images)[keyof typeof images],
  nics: readonly string[],
): Promise<TestInstance> {
  const files = { ...image.files, "/etc/ec2nic/always": "" };
  const enis = [primary, known];
  const instance = await startInstance({ suite: "trixie", enis, ...image, files, isOnBus: true });
  const { machine } = instance;
  await untilAddresses(machine, ["10.0.0.10"]);
  await machine.run(["ec2nic", "activate"], { timeoutMs: 60_000 });
  await machine.run(["ec2nic", "hotplug", "--install"]);
  const folder = "/etc/systemd/system";
  for (const nic of nics) {
    const wanted = `${folder}/multi-user.target.wants/${unitOf(nic)}`;
    await machine.run(["ln", "-s", `${folder}/ec2nic-hotplug@.service`, wanted]);
  }
  return instance;
}

/** No udev runs here, so that the boot itself starts what its rules would. */
function unitOf(nic: string): string {
  return `ec2nic-hotplug@${slotOf(nic)}_7.service`;
}

async function untilIdle(machine: Machine): Promise<void> {
  const argv = ["list-units", "--no-legend", "--state=active,activating", "ec2nic-*.service"];
  const isIdle = async () => (await machine.systemctl(...argv)).stdout.trim() === "";
  await machine.until("no run goes on", isIdle, 40_000);
}

/** What the run that an event started said at its end. */
async function lastWord(machine: Machine, nic: string): Promise<string> {
  const said = await machine.run(["journalctl", "-b", "-o", "cat", "--no-pager", "-t", "ec2nic"]);
  const lines = said.split("\n").filter((line) => line.startsWith(`ec2nic: ${nic}`));
  return lines.find((line) => /kept|settled/.test(line)) ?? said;
}

async function requestsOf({ vpc }: TestInstance): Promise<number> {
  return v.parse(v.object({ requests: v.number() }), await vpc.simulator.look("counts")).requests;
}

for (const [backend, image] of Object.entries(images)) {
  testMachine(`${backend}: a boot in which nothing is new looks at each NIC once`, async () => {
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
      expect(await lastWord(after.machine, "ens5")).toContain("ens5: kept (");
      expect(await lastWord(after.machine, "ens6")).toContain("ens6: kept (");
      // a network that is just coming up is asked more than once who leads to IMDS
      expect(requests).toBeLessThan(own + 10);
      return after;
    };
    // whether a run asks must not depend on which of them is quicker
    await using _ = await bootAgain(await bootAgain(before));
  });

  testMachine(`${backend}: at a boot, what is new is watched: a NIC, or more of one`, async () => {
    await using before = await installed(image, ["ens5", "ens6", "ens7"]);
    const late = { ipv6s: 8000, "subnet-ipv6-cidr-blocks": 8000, "vpc-ipv6-cidr-blocks": 8000 };
    const offline = { link: false };
    await before.vpc.change({ ...known, ipv4: ["10.0.1.10", "10.0.1.11"], dualStack: true, late });
    await before.vpc.attach(before.machine, { device: 2, dualStack: true, late }, offline);
    await using after = await before.reboot();
    const { machine } = after;
    const ipv6 = ["2600:1f14:ec2:101::10", "2600:1f14:ec2:102::10"];
    await untilAddresses(machine, ["10.0.0.10", "10.0.1.11", "10.0.2.10", ...ipv6], 30_000);
    await untilIdle(machine);
    const rules = await machine.run(["ip", "-6", "rule"]);
    for (const address of ipv6) expect(rules).toContain(`from ${address} lookup`);
    expect(await lastWord(machine, "ens5")).toContain("ens5: kept (");
    for (const nic of ["ens6", "ens7"]) expect(await lastWord(machine, nic)).toContain("settled");
    const check = await machine.exec(["ec2nic", "activate", "--check"]);
    expect(check).toMatchObject({ code: 0, stdout: "no difference\n" });
  });
}
