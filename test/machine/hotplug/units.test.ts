import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import { machineLimitMs } from "../../kit/machine/machine-test.ts";
import { imageHost } from "../../kit/files/image.ts";
import { install } from "../../../src/install/install.ts";
import { type Sandbox, startSandbox } from "../../kit/machine/sandbox.ts";
import { type Machine, startMachine } from "../../kit/machine/machine.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { rootFileSystem, type Suite, suites } from "../../kit/machine/root-file-system.ts";
import { testUnless } from "../../kit/basics/skip.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";

setDefaultTimeout(machineLimitMs);
const program = "/usr/local/bin/ec2nic";
const logPath = "/run/calls";

const holdPath = "/run/hold";

/** A script in the place of the program, which logs its start and its end, and runs while it is held. */
const standIn = `#!/bin/sh
trap 'echo "ended by a signal" >>${logPath}; exit 143' TERM
echo "start $*" >>${logPath}
while [ -e ${holdPath} ]; do sleep 0.05 & wait $!; done
echo "end $*" >>${logPath}
`;

/** What `--install --root` writes: files for a machine's disk, and commands that make its links. */
async function installed(): Promise<{ files: Record<string, string>; links: string[][] }> {
  using folder = temporaryFolder();
  const root = folder.path;
  const request = { program, withDhcpHooks: false, dryRun: false };
  const plan = await install(imageHost(root), request);
  const files = await Promise.all(
    plan.write.map(async ({ path }) => [path, await Bun.file(root + path).text()] as const),
  );
  const links = plan.links.map(({ path, target }) => [
    "sh",
    "-c",
    'mkdir -p "${2%/*}"; ln -sf "$1" "$2"',
    "sh",
    target,
    path,
  ]);
  return { files: Object.fromEntries(files), links };
}

describe.each(suites)("%s's systemd and udev", (suite: Suite) => {
  const missing = machineMissing(suite);
  const testMachine = testUnless(missing);
  let sandbox: Sandbox;
  let machine: Machine;

  beforeAll(async () => {
    if (missing !== null) return;
    await rootFileSystem(suite);
    sandbox = await startSandbox();
    const { files, links } = await installed();
    machine = await startMachine(sandbox, {
      suite,
      binary: null,
      files: { ...files, "/etc/ec2nic/always": "", [program]: { content: standIn, mode: 0o755 } },
    });
    for (const link of links) await machine.run(link);
  }, machineLimitMs);
  afterAll(async () => {
    if (missing === null) await sandbox.stop();
  });

  const calls = async (): Promise<readonly string[]> =>
    (await machine.read(logPath)).trim().split("\n");
  const isIdle = (unit: string) => async () =>
    (await machine.run(["systemctl", "show", "--property=ActiveState,Job", unit])).includes(
      "ActiveState=inactive",
    );

  testMachine(
    "start the removal service when a PCI network device is removed, but not for another device",
    async () => {
      const classes = await machine.run([
        "sh",
        "-c",
        'cd /sys/bus/pci/devices 2>/dev/null && for each in *; do echo "$each $(cat "$each/class")"; done; true',
      ]);
      const devices = classes
        .trim()
        .split("\n")
        .filter((line) => line !== "");
      for (const line of devices) {
        const [address = "", number = ""] = line.split(" ");
        const path = `/sys/bus/pci/devices/${address}`;
        const { stdout, stderr } = await machine.exec(["udevadm", "test", "--action=remove", path]);
        const isRun = `${stdout}${stderr}`.includes("restart ec2nic-hotplug-remove.service");
        expect([address, isRun]).toEqual([address, number.startsWith("0x02")]);
      }
    },
  );

  /** NICs of a machine have no device, so the test takes a virtio device of this machine instead. */
  testMachine("name the unit after the device that has the driver", async () => {
    const drivers = "/sys/bus/virtio/drivers";
    const found = await machine.run(["sh", "-c", `ls -d ${drivers}/*/virtio* 2>/dev/null; true`]);
    const [path = ""] = found.trim().split("\n");
    if (path === "") return; // no virtio here
    const [name = "", driver = ""] = path.split("/").toReversed();
    const rules = await machine.read("/etc/udev/rules.d/90-ec2nic.rules");
    const alike = rules.replace('"net"', '"virtio"').replace("ena|", `ena|${driver}|`);
    await machine.write("/etc/udev/rules.d/91-alike.rules", alike);
    const test = ["udevadm", "test", "--action=add", path];
    const { stdout, stderr } = await machine.exec(test);
    await machine.remove("/etc/udev/rules.d/91-alike.rules");
    const wants = /SYSTEMD_WANTS=(.*)/.exec(stdout + stderr)?.[1];
    // the events of `udevadm test` have no number
    expect(wants).toMatch(new RegExp(`^ec2nic-hotplug@${name}_\\d*\\.service$`));
  });

  testMachine("pass the device in an instance name to the program unchanged", async () => {
    for (const instance of ["0000:00:06.0_1214", "vif-1_88", "virtio3_7"]) {
      const unit = `ec2nic-hotplug@${instance}.service`;
      await machine.remove(logPath);
      expect((await machine.systemctl("start", unit)).code).toBe(0);
      await machine.until(`${unit} has ended`, isIdle(unit));
      const words = `hotplug add --devpath ${instance}`;
      expect(await calls()).toEqual([`start ${words}`, `end ${words}`]);
    }
  });

  testMachine(
    "run the removal service after the last of many events, and end no run of it",
    async () => {
      const unit = "ec2nic-hotplug-remove.service";
      await machine.remove(logPath);
      await machine.write(holdPath, "");
      const restart = `systemctl --no-block restart ${unit}`;
      await machine.run(["sh", "-c", restart]);
      await machine.until("the first run has begun", async () => (await calls()).length === 1);
      const burst = `for i in 1 2 3 4 5 6 7 8; do ${restart}; done; echo last >>${logPath}`;
      await machine.run(["sh", "-c", burst]);
      await machine.remove(holdPath);
      const [start, end] = ["start hotplug remove", "end hotplug remove"];
      const all = [start, "last", end, start, end];
      await machine.until(
        "a second run has ended",
        async () => (await calls()).length >= all.length,
      );
      await machine.until(`${unit} has ended`, isIdle(unit));
      expect(await calls()).toEqual(all);
    },
  );

  testMachine("end a run of the removal service at systemctl stop", async () => {
    const unit = "ec2nic-hotplug-remove.service";
    await machine.remove(logPath);
    await machine.write(holdPath, "");
    await machine.systemctl("start", unit);
    await machine.until(`${unit} runs`, async () => (await calls()).length === 1);
    expect((await machine.systemctl("stop", unit)).code).toBe(0);
    expect(await calls()).toEqual(["start hotplug remove", "ended by a signal"]);
    await machine.remove(holdPath);
  });
});
