import { describe, expect } from "bun:test";
import { blockBelow } from "../kit/basics/documents.ts";
import { modestImages as images } from "../kit/machine/images.ts";
import { type TestInstance, startInstance } from "../kit/machine/vpc/instance.ts";
import type { Machine } from "../kit/machine/machine.ts";
import { machineTest } from "../kit/machine/machine-test.ts";
import { untilAddresses } from "../kit/machine/checks/until-addresses.ts";

const testMachine = machineTest("trixie");

const enis = [
  { device: 0, ipv4: ["10.0.0.10"] },
  { device: 1, ipv4: ["10.0.1.10", "10.0.1.11"] },
];
const program = "/usr/local/bin/ec2nic";
const rule = "/etc/udev/rules.d/90-ec2nic.rules";
/** Finds every file of ec2nic for NICs or units. */
const findOurs = "find /etc ! -path '/etc/ec2nic*' -name '*ec2nic*'";
/** The same without unit files, which may be left where --uninstall fails: nothing starts them. */
const findActive = `${findOurs} ! -path '/etc/systemd/system/ec2nic-*'`;

/** The commands of the documents: to rescue a machine, a volume, and as a safety timer. */
const rescue = blockBelow("docs/troubleshooting.md", "rescue.test.ts runs this -->");
const onVolume = blockBelow(
  "docs/troubleshooting.md",
  "rescue.test.ts runs this below a folder -->",
);
const safetyTimer = blockBelow("docs/cookbook.md", "rescue.test.ts runs this -->");

/** Starts a machine that ec2nic has configured, and whose units run it again at the next boot. */
async function configured(image: (typeof images)[keyof typeof images]): Promise<TestInstance> {
  const files = { ...image.files, "/etc/ec2nic/always": "" };
  const instance = await startInstance({ suite: "trixie", enis, ...image, files });
  const { machine } = instance;
  await untilAddresses(machine, ["10.0.0.10"]);
  await machine.run(["ec2nic", "hotplug", "--install", "--from-dhcp"]);
  await machine.run(["ec2nic", "activate"]);
  const found = await machine.run(["sh", "-c", findOurs]);
  expect(found.trim().split("\n").length).toBeGreaterThan(5);
  return instance;
}

/** Runs a block as if it were pasted into a shell; `reboot` only prints a line. */
async function paste(machine: Machine, block: string) {
  const script = `reboot() { echo rebooting; }\n${block}`;
  const { code, stdout, stderr } = await machine.exec(["sh", "-c", script]);
  return { isRebooting: code === 0 && stdout.endsWith("rebooting\n"), stdout, stderr };
}

/** Reboots, and asserts that the image's DHCP configures the primary and no unit starts ec2nic. */
async function expectBootWithoutEc2nic(instance: TestInstance): Promise<void> {
  await using after = await instance.reboot();
  const { machine } = after;
  await untilAddresses(machine, ["10.0.0.10"]);
  const property = "--property=ExecMainStartTimestampMonotonic";
  const units = ["ec2nic-network.service", "ec2nic-local.service"];
  const started = await machine.run(["systemctl", "show", "--value", property, ...units]);
  expect(started.split(/\s+/).filter((word) => !/^0?$/.test(word))).toEqual([]);
  expect(await machine.run(["sh", "-c", findActive])).toBe("");
  expect(await machine.run(["ip", "rule"])).not.toContain("lookup 10001");
  const { code, stderr } = await machine.exec(["ec2nic", "fetch", "instance-id"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}

for (const [backend, image] of Object.entries(images)) {
  testMachine(
    `${backend}: the rescue removes all files of ec2nic, and the image's configuration boots`,
    async () => {
      await using instance = await configured(image);
      const { isRebooting, stderr } = await paste(instance.machine, rescue);
      expect(stderr).toContain("ec2nic: uninstalled");
      expect(isRebooting).toBe(true);
      expect(await instance.machine.run(["sh", "-c", findOurs])).toBe("");
      await expectBootWithoutEc2nic(instance);
    },
  );
}

describe("where --uninstall fails, the rescue", () => {
  testMachine("removes the files itself while another run holds the lock", async () => {
    await using instance = await configured(images.networkd);
    const { machine } = instance;
    const holder = "flock /run/ec2nic/lock sleep 1000 >/dev/null 2>&1 &";
    await machine.run(["sh", "-c", holder]);
    const isHeld = ["flock", "--nonblock", "--conflict-exit-code=9", "/run/ec2nic/lock", "true"];
    await machine.until("the lock is held", async () => (await machine.exec(isHeld)).code === 9);
    // the uninstallation waits for the lock as long as it may; 3 s are enough for its message
    const { isRebooting, stderr } = await paste(machine, rescue.replace("timeout 30", "timeout 3"));
    expect(stderr).toContain("waiting for another ec2nic process");
    expect(stderr).not.toContain("uninstalled");
    expect(isRebooting).toBe(true);
    expect(await machine.run(["sh", "-c", findActive])).toBe("");
    await expectBootWithoutEc2nic(instance);
  });

  testMachine("removes the files itself where the program does not exist", async () => {
    await using instance = await configured(images.netplan);
    const { machine } = instance;
    const hidden = `umount ${program} 2>/dev/null; mv ${program} /root/hidden`;
    await machine.run(["sh", "-c", hidden]);
    const { isRebooting, stderr } = await paste(machine, rescue);
    expect(stderr).toContain(program);
    expect(isRebooting).toBe(true);
    expect(await machine.run(["sh", "-c", findActive])).toBe("");
    await machine.run(["mv", "/root/hidden", program]);
    await expectBootWithoutEc2nic(instance);
  });

  testMachine("does not reboot where the udev rule cannot be removed", async () => {
    await using instance = await configured(images.networkd);
    const { machine } = instance;
    await machine.run(["mount", "--bind", rule, rule]);
    const { isRebooting, stderr } = await paste(machine, rescue);
    expect(stderr).toContain(`cannot remove '${rule}'`);
    expect(isRebooting).toBe(false);
  });
});

testMachine("the rescue does not reboot a machine that would get no address", async () => {
  await using instance = await configured(images.networkd);
  const { machine } = instance;
  await machine.remove("/etc/systemd/network/99-image.network");
  const { isRebooting, stdout, stderr } = await paste(machine, rescue);
  expect(stderr).toContain("ec2nic: uninstalled");
  expect({ isRebooting, stdout }).toEqual({ isRebooting: false, stdout: "disabled\n" });
});

testMachine("the rescue of a volume removes the files below the volume's folder only", async () => {
  await using instance = await configured(images.netplan);
  const { machine } = instance;
  const before = await machine.run(["sh", "-c", findOurs]);
  await paste(machine, onVolume);
  expect(await machine.run(["sh", "-c", findOurs])).toBe(before);
  await machine.run(["mount", "--bind", "/", "/mnt"]);
  expect((await paste(machine, onVolume)).stdout).toContain("/mnt/etc/netplan/50-image.yaml:");
  expect(await machine.run(["sh", "-c", findActive])).toBe("");
  await machine.run(["umount", "/mnt"]);
  await expectBootWithoutEc2nic(instance);
});

for (const [backend, image] of Object.entries(images)) {
  testMachine(
    `${backend}: the safety timer removes what activate wrote, and the units`,
    async () => {
      await using instance = await configured(image);
      const { machine } = instance;
      expect(safetyTimer).toEndWith("\n  reboot' && ec2nic activate\n");
      const short = safetyTimer
        .replace("--on-active=5min", "--on-active=1s --timer-property=AccuracySec=100ms")
        .replace("\n  reboot' && ec2nic activate", "\n  echo >/root/rebooting'");
      await machine.run(["sh", "-c", short]);
      await machine.until("the safety timer has run", () => machine.read("/root/rebooting"));
      expect(await machine.run(["sh", "-c", findOurs])).toBe("");
      await expectBootWithoutEc2nic(instance);
    },
  );
}
