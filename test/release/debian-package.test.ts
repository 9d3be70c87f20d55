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
const pathInRoot = `/mnt/dist/ec2nic_${version}_${debian}.deb`;
const install = (root: Chroot) => root.mustRun(["dpkg", "-i", pathInRoot]);
/** Lines of `dpkg --verify` about documentation, which these root file systems do not install. */
const missingDocs = /^(?:|missing +\/usr\/share\/(?:doc|man)\/.*)$/;
const configFiles = (listing: readonly string[]): readonly string[] =>
  listing.filter((line) => /ec2nic/.test(line) && line.startsWith("/etc"));

for (const suite of suites) {
  const testIt = testUnless(releaseMissing(path) ?? machineMissing(suite));

  testIt(`${suite}: the package installs, runs, and is purged completely`, async () => {
    await using root = await chroot(suite, dirname(path));
    const before = await root.listing();
    expect(await install(root)).toContain("ec2nic hotplug --install");
    expect(await root.mustRun(["ec2nic", "--version"])).toBe(`ec2nic ${version}\n`);
    const verified = (await root.run(["dpkg", "--verify", "ec2nic"])).stdout.trim().split("\n");
    expect(verified.filter((line) => !missingDocs.test(line))).toEqual([]);
    expect(configFiles(await root.listing())).toEqual([]); // nothing is enabled
    await root.mustRun(["dpkg", "-r", "ec2nic"]);
    await root.mustRun(["dpkg", "-P", "ec2nic"]);
    expect(await root.listing()).toEqual(before);
  });

  testIt(`${suite}: a purge removes the files of hotplug --install`, async () => {
    await using root = await chroot(suite, dirname(path));
    const before = await root.listing();
    await install(root);
    await root.mustRun(["ec2nic", "hotplug", "--install", "--from-dhcp"]);
    expect(configFiles(await root.listing()).length).toBeGreaterThan(8);
    await root.mustRun(["dpkg", "-P", "ec2nic"]);
    expect(await root.listing()).toEqual(before);
  });

  testIt(
    `${suite}: another version refreshes the files of hotplug --install, including the hooks`,
    async () => {
      await using root = await chroot(suite, dirname(path));
      await install(root);
      await root.mustRun(["ec2nic", "hotplug", "--install", "--from-dhcp"]);
      const installed = await root.listing();
      const unit = "/etc/systemd/system/ec2nic-network.service";
      const oldUnit = "# written by ec2nic\\n[Service]\\nExecStart=/usr/bin/ec2nic old\\n";
      await root.mustRun(["sh", "-c", `printf '${oldUnit}' >${unit}`]);
      await install(root);
      expect(await root.mustRun(["cat", unit])).toContain("activate --stage network");
      expect(await root.listing()).toEqual(installed);
    },
  );

  testIt(`${suite}: a purge keeps the units of another ec2nic`, async () => {
    await using root = await chroot(suite, dirname(path));
    await install(root);
    await root.mustRun(["cp", "/usr/bin/ec2nic", "/usr/local/bin/ec2nic"]);
    await root.mustRun(["/usr/local/bin/ec2nic", "hotplug", "--install"]);
    const units = configFiles(await root.listing());
    await install(root);
    await root.mustRun(["dpkg", "-P", "ec2nic"]);
    expect(configFiles(await root.listing())).toEqual(units);
  });

  testIt(`${suite}: systemctl enables the package's units, and a purge disables them`, async () => {
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
    expect(configFiles(await root.listing())).toEqual(configFiles(before));
  });

  testIt(`${suite}: systemd and udev verify the units and rules without errors`, async () => {
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
