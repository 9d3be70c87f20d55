import { expect, setDefaultTimeout } from "bun:test";
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { version } from "../../package.json";
import { machineMissing } from "../kit/machine/missing.ts";
import { suites } from "../kit/machine/root-file-system.ts";
import { chroot } from "../kit/release/chroot.ts";
import { releaseFile, releaseMissing } from "../kit/release/release-files.ts";
import { testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(120_000);

const debian = process.arch === "arm64" ? "arm64" : "amd64";
const path = releaseFile(`ec2nic_VERSION_${debian}.deb`);
const devices = "/sys/bus/pci/devices";

/** The path of a network device on this machine's PCI bus; null if there is none. */
function networkDevice(): string | null {
  const isNetwork = (name: string): boolean =>
    readFileSync(join(devices, name, "class"), "utf8").startsWith("0x02");
  const name = readdirSync(devices).find(isNetwork);
  return name === undefined ? null : realpathSync(join(devices, name));
}

/**
 * Prints what udev would do if the device was removed. Only the rule of ec2nic is present, so that
 * no other rule has an effect. `udevadm test` runs no program, and /sys is read-only.
 */
const testRule = `
set -eu
mount -t sysfs -o ro sysfs /sys
mount -t tmpfs tmpfs /run
cp /usr/lib/udev/rules.d/90-ec2nic.rules /run/
mount -t tmpfs tmpfs /usr/lib/udev/rules.d
cp /run/90-ec2nic.rules /usr/lib/udev/rules.d/
udevadm test --action=remove "$1" 2>&1
`;

for (const suite of suites) {
  const device = networkDevice();
  const noDevice = device === null ? "there is no network device on a PCI bus here" : null;
  const testIt = testUnless(releaseMissing(path) ?? machineMissing(suite) ?? noDevice);

  testIt(`${suite}: the packaged rule does nothing until the unit is enabled`, async () => {
    await using root = await chroot(suite, dirname(path));
    await root.mustRun(["dpkg", "-i", `/mnt/dist/ec2nic_${version}_${debian}.deb`]);
    const runRule = () => root.mustRun(["sh", "-c", testRule, "sh", device ?? ""]);
    const before = await runRule();
    expect(before).toContain("PCI_CLASS=20000");
    expect(before).not.toContain("ec2nic-hotplug-remove.service");
    await root.mustRun(["systemctl", "enable", "ec2nic-network.service"]);
    expect(await runRule()).toContain("systemctl --no-block restart ec2nic-hotplug-remove.service");
    await root.mustRun(["systemctl", "disable", "ec2nic-network.service"]);
    expect(await runRule()).not.toContain("ec2nic-hotplug-remove.service");
    await root.mustRun(["ec2nic", "hotplug", "--install"]);
    expect(await runRule()).toContain("systemctl --no-block restart ec2nic-hotplug-remove.service");
  });
}
