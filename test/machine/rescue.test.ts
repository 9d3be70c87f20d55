import { beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import { blockBelow } from "../kit/basics/documents.ts";
import { modestImages as images } from "../kit/machine/images.ts";
import { type TestInstance, startInstance } from "../kit/machine/vpc/instance.ts";
import type { Machine } from "../kit/machine/machine.ts";
import { machineMissing } from "../kit/machine/missing.ts";
import { rootFileSystem } from "../kit/machine/root-file-system.ts";
import { untilAddresses } from "../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(120_000);
const missing = machineMissing();
const testMachine = testUnless(missing);
beforeAll(async () => void (missing ?? (await rootFileSystem("trixie"))), 600_000);

const enis = [
  { device: 0, ipv4: ["10.0.0.10"] },
  { device: 1, ipv4: ["10.0.1.10", "10.0.1.11"] },
];
const program = "/usr/local/bin/ec2nic";
const rule = "/etc/udev/rules.d/90-ec2nic.rules";
/** Whatever could be a file of ours for NICs or units. */
const look = "find /etc ! -path '/etc/ec2nic*' -name '*ec2nic*'";
/** The same without units that nothing starts, which are what may be left by hand. */
const lookByHand = `${look} ! -path '/etc/systemd/system/ec2nic-*'`;

/** What is to be pasted where a machine is out of reach. */
const recipe = blockBelow("docs/troubleshooting.md", "rescue.test.ts runs this -->");
const onVolume = blockBelow(
  "docs/troubleshooting.md",
  "rescue.test.ts runs this below a folder -->",
);
const rope = blockBelow("docs/cookbook.md", "rescue.test.ts runs this -->");

/** A machine that ec2nic configures, and whose units would do it again at the next boot. */
async function configured(image: (typeof images)[keyof typeof images]): Promise<TestInstance> {
  const files = { ...image.files, "/etc/ec2nic/always": "" };
  const instance = await startInstance({ suite: "trixie", enis, ...image, files });
  const { machine } = instance;
  await untilAddresses(machine, ["10.0.0.10"]);
  await machine.run(["ec2nic", "hotplug", "--install", "--from-dhcp"]);
  await machine.run(["ec2nic", "activate"], { timeoutMs: 60_000 });
  const found = await machine.run(["sh", "-c", look]);
  expect(found.trim().split("\n").length).toBeGreaterThan(5);
  return instance;
}

/** Pastes a block; what would reboot only says so. */
async function paste(machine: Machine, block: string) {
  const script = `reboot() { echo rebooting; }\n${block.replaceAll("timeout 30", "timeout 3")}`;
  const { code, stdout, stderr } = await machine.exec(["sh", "-c", script], { timeoutMs: 60_000 });
  return { isRebooting: code === 0 && stdout.endsWith("rebooting\n"), stdout, stderr };
}

/** Boots it again: the image's own DHCP, and no run of ours. */
async function bootsWithoutUs(instance: TestInstance): Promise<void> {
  await using after = await instance.reboot();
  const { machine } = after;
  await untilAddresses(machine, ["10.0.0.10"]);
  const property = "--property=ExecMainStartTimestampMonotonic";
  const units = ["ec2nic-network.service", "ec2nic-local.service"];
  const started = await machine.run(["systemctl", "show", "--value", property, ...units]);
  expect(started.split(/\s+/).filter((word) => !/^0?$/.test(word))).toEqual([]);
  expect(await machine.run(["sh", "-c", lookByHand])).toBe("");
  expect(await machine.run(["ip", "rule"])).not.toContain("lookup 10001");
  const { code, stderr } = await machine.exec(["ec2nic", "fetch", "instance-id"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}

for (const [backend, image] of Object.entries(images)) {
  testMachine(
    `${backend}: the rescue leaves what the image had, and it boots with that`,
    async () => {
      await using instance = await configured(image);
      const { isRebooting, stderr } = await paste(instance.machine, recipe);
      expect(stderr).toContain("ec2nic: uninstalled");
      expect(isRebooting).toBe(true);
      expect(await instance.machine.run(["sh", "-c", look])).toBe("");
      await bootsWithoutUs(instance);
    },
  );
}

describe("where --uninstall fails, the rescue", () => {
  testMachine("does it by hand while another run holds the lock", async () => {
    await using instance = await configured(images.networkd);
    const { machine } = instance;
    const holder = "flock /run/ec2nic/lock sleep 60 >/dev/null 2>&1 & sleep 0.2";
    await machine.run(["sh", "-c", holder]);
    const { isRebooting, stderr } = await paste(machine, recipe);
    expect(stderr).toContain("waiting for another run");
    expect(stderr).not.toContain("uninstalled");
    expect(isRebooting).toBe(true);
    expect(await machine.run(["sh", "-c", lookByHand])).toBe("");
    await bootsWithoutUs(instance);
  });

  testMachine("does it by hand where the program is gone", async () => {
    await using instance = await configured(images.netplan);
    const { machine } = instance;
    const hidden = `umount ${program} 2>/dev/null; mv ${program} /root/hidden`;
    await machine.run(["sh", "-c", hidden]);
    const { isRebooting, stderr } = await paste(machine, recipe);
    expect(stderr).toContain(program);
    expect(isRebooting).toBe(true);
    expect(await machine.run(["sh", "-c", lookByHand])).toBe("");
    await machine.run(["mv", "/root/hidden", program]);
    await bootsWithoutUs(instance);
  });

  testMachine("does not reboot where the rule cannot be removed either", async () => {
    await using instance = await configured(images.networkd);
    const { machine } = instance;
    await machine.run(["mount", "--bind", rule, rule]);
    const { isRebooting, stderr } = await paste(machine, recipe);
    expect(stderr).toContain(`cannot remove '${rule}'`);
    expect(isRebooting).toBe(false);
  });
});

testMachine("the rescue does not reboot a machine that nobody would give an address", async () => {
  await using instance = await configured(images.networkd);
  const { machine } = instance;
  await machine.remove("/etc/systemd/network/99-image.network");
  const { isRebooting, stdout, stderr } = await paste(machine, recipe);
  expect(stderr).toContain("ec2nic: uninstalled");
  expect({ isRebooting, stdout }).toEqual({ isRebooting: false, stdout: "disabled\n" });
});

testMachine("the rescue of a volume does the same below its folder", async () => {
  await using instance = await configured(images.netplan);
  const { machine } = instance;
  const before = await machine.run(["sh", "-c", look]);
  await paste(machine, onVolume);
  expect(await machine.run(["sh", "-c", look])).toBe(before);
  await machine.run(["mount", "--bind", "/", "/mnt"]);
  expect((await paste(machine, onVolume)).stdout).toContain("/mnt/etc/netplan/50-image.yaml:");
  expect(await machine.run(["sh", "-c", lookByHand])).toBe("");
  await machine.run(["umount", "/mnt"]);
  await bootsWithoutUs(instance);
});

for (const [backend, image] of Object.entries(images)) {
  testMachine(`${backend}: the rope undoes what activate did, and units`, async () => {
    await using instance = await configured(image);
    const { machine } = instance;
    expect(rope).toEndWith("\n  reboot' && ec2nic activate\n");
    const short = rope
      .replace("--on-active=5min", "--on-active=1s --timer-property=AccuracySec=100ms")
      .replace("\n  reboot' && ec2nic activate", "\n  echo >/root/rebooting'");
    await machine.run(["sh", "-c", short]);
    await machine.until("the rope is drawn", () => machine.read("/root/rebooting"), 60_000);
    expect(await machine.run(["sh", "-c", look])).toBe("");
    await bootsWithoutUs(instance);
  });
}
