import { expect, setDefaultTimeout } from "bun:test";
import { dirname } from "node:path";
import { version } from "../../package.json";
import { machineMissing } from "../kit/machine/missing.ts";
import { suites } from "../kit/machine/root-file-system.ts";
import { type Chroot, chroot } from "../kit/release/chroot.ts";
import { releaseFile, releaseMissing } from "../kit/release/release-files.ts";
import { testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(300_000);

const debian = process.arch === "arm64" ? "arm64" : "amd64";
const path = releaseFile(`ec2nic_VERSION_${debian}.deb`);
const inside = `/mnt/dist/ec2nic_${version}_${debian}.deb`;
const install = (root: Chroot) => root.mustRun(["dpkg", "-i", inside]);
/** What such a root file system takes of no package. */
const leftOut = /^(?:|missing +\/usr\/share\/(?:doc|man)\/.*)$/;
const own = (listing: readonly string[]): readonly string[] =>
  listing.filter((line) => /ec2nic/.test(line) && line.startsWith("/etc"));

for (const suite of suites) {
  const testIt = testUnless(releaseMissing(path) ?? machineMissing(suite));

  testIt(`${suite}: the package installs, runs, and is purged without trace`, async () => {
    await using root = await chroot(suite, dirname(path));
    const before = await root.listing();
    expect(await install(root)).toContain("ec2nic hotplug --install");
    expect(await root.mustRun(["ec2nic", "--version"])).toBe(`ec2nic ${version}\n`);
    const verified = (await root.run(["dpkg", "--verify", "ec2nic"])).stdout.trim().split("\n");
    expect(verified.filter((line) => !leftOut.test(line))).toEqual([]);
    expect(own(await root.listing())).toEqual([]); // nothing is enabled
    await root.mustRun(["dpkg", "-r", "ec2nic"]);
    await root.mustRun(["dpkg", "-P", "ec2nic"]);
    expect(await root.listing()).toEqual(before);
  });

  testIt(`${suite}: what hotplug --install wrote goes with the package`, async () => {
    await using root = await chroot(suite, dirname(path));
    const before = await root.listing();
    await install(root);
    await root.mustRun(["ec2nic", "hotplug", "--install", "--from-dhcp"]);
    expect(own(await root.listing()).length).toBeGreaterThan(8);
    await root.mustRun(["dpkg", "-P", "ec2nic"]);
    expect(await root.listing()).toEqual(before);
  });

  testIt(
    `${suite}: another version refreshes what hotplug --install wrote, hooks too`,
    async () => {
      await using root = await chroot(suite, dirname(path));
      await install(root);
      await root.mustRun(["ec2nic", "hotplug", "--install", "--from-dhcp"]);
      const installed = await root.listing();
      const unit = "/etc/systemd/system/ec2nic-network.service";
      const isOld = "# written by ec2nic\\n[Service]\\nExecStart=/usr/bin/ec2nic old\\n";
      await root.mustRun(["sh", "-c", `printf '${isOld}' >${unit}`]);
      await install(root);
      expect(await root.mustRun(["cat", unit])).toContain("activate --stage network");
      expect(await root.listing()).toEqual(installed);
    },
  );

  testIt(`${suite}: what another ec2nic installed is left alone`, async () => {
    await using root = await chroot(suite, dirname(path));
    await install(root);
    await root.mustRun(["cp", "/usr/bin/ec2nic", "/usr/local/bin/ec2nic"]);
    await root.mustRun(["/usr/local/bin/ec2nic", "hotplug", "--install"]);
    const units = own(await root.listing());
    await install(root);
    await root.mustRun(["dpkg", "-P", "ec2nic"]);
    expect(own(await root.listing())).toEqual(units);
  });

  testIt(`${suite}: systemctl enables the package's own units, and they go with it`, async () => {
    await using root = await chroot(suite, dirname(path));
    const before = await root.listing();
    await install(root);
    const units = ["ec2nic-local.service", "ec2nic-network.service", "ec2nic-repair.timer"];
    const states = async () =>
      (await root.run(["systemctl", "is-enabled", ...units])).stdout.trim().split("\n");
    expect(await states()).toEqual(["disabled", "disabled", "disabled"]);
    await root.mustRun(["systemctl", "preset-all"]);
    expect(await states()).toEqual(["disabled", "disabled", "disabled"]);
    await root.mustRun(["systemctl", "enable", ...units]);
    expect(await states()).toEqual(["enabled", "enabled", "enabled"]);
    await root.mustRun(["dpkg", "-P", "ec2nic"]);
    expect(own(await root.listing())).toEqual(own(before));
  });

  testIt(`${suite}: systemd and udev find no fault in units and rules`, async () => {
    await using root = await chroot(suite, dirname(path));
    await install(root);
    const verify =
      "systemd-analyze verify --man=no $(ls /usr/lib/systemd/system/ec2nic* | grep -v @)";
    const { stderr } = await root.run(["sh", "-c", verify]);
    expect(stderr.split("\n").filter((line) => line.includes("ec2nic"))).toEqual([]);
    // since systemd 254
    const rules = ["udevadm", "verify", "/usr/lib/udev/rules.d/90-ec2nic.rules"];
    if (suite !== "bookworm") expect(await root.mustRun(rules)).toContain("Success: 1");
  });
}
