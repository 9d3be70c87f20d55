import { expect, setDefaultTimeout } from "bun:test";
import { join } from "node:path";
import { version } from "../../package.json";
import { mustRun } from "../kit/machine/command.ts";
import { emptyRoot, pathsBelow } from "../kit/release/empty-root.ts";
import { releaseFile, releaseMissing } from "../kit/release/release-files.ts";
import { missingRoot, missingTool, testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(300_000);

const names = ["x86_64", "aarch64"].map((processor) => `ec2nic-VERSION-1.${processor}.rpm`);
const missing =
  releaseMissing(...names.map(releaseFile)) ?? missingTool("rpm", "busybox") ?? missingRoot();
const testIt = testUnless(missing);
const here = releaseFile(names[process.arch === "arm64" ? 1 : 0] ?? "");

/** Runs a command in its own namespaces, with /proc mounted in the root. */
function inRoot(root: string, argv: readonly string[]): Promise<string> {
  const mounted = 'mount -t proc proc "$1/proc" && shift && exec "$@"';
  const spaces = ["unshare", "--mount", "--net", "--pid", "--fork"];
  return mustRun([...spaces, "sh", "-c", mounted, "sh", root, ...argv], { timeoutMs: 120_000 });
}
const rpm = (root: string, ...words: readonly string[]) =>
  inRoot(root, ["rpm", "--root", root, "--dbpath", "/var/lib/rpm", "--nodeps", ...words]);
const ec2nicIn = (root: string, ...argv: readonly string[]) =>
  inRoot(root, ["chroot", root, "/usr/bin/ec2nic", ...argv]);

testIt("both packages contain the same files and require at most glibc 2.17", async () => {
  const lists = await Promise.all(names.map((name) => mustRun(["rpm", "-qpl", releaseFile(name)])));
  expect(lists[0]).toBe(lists[1] ?? "");
  expect(lists[0]).toContain("/usr/lib/systemd/system/ec2nic-network.service\n");
  for (const name of names) {
    const requirements = await mustRun(["rpm", "-qpR", releaseFile(name)]);
    expect(requirements).toContain("libc.so.6(GLIBC_2.17)(64bit)\n");
    expect(requirements).not.toMatch(/GLIBC_2\.(?:1[89]|[2-9]\d)/);
    // the rpm of Amazon Linux 2 does not support zstd
    expect(requirements).toContain("rpmlib(PayloadIsXz)");
  }
});

testIt("the package installs in an empty root, runs, and is erased completely", async () => {
  using root = emptyRoot();
  const before = pathsBelow(root.path);
  expect(await rpm(root.path, "--install", here)).toContain("ec2nic hotplug --install");
  expect(await ec2nicIn(root.path, "--version")).toBe(`ec2nic ${version}\n`);
  await rpm(root.path, "--verify", "ec2nic");
  expect(pathsBelow(join(root.path, "etc"))).toEqual([]);
  await rpm(root.path, "--erase", "ec2nic");
  expect(pathsBelow(root.path).filter((path) => /ec2nic/.test(path))).toEqual([]);
  // rpm keeps folders that no package owns; on a real system `filesystem` owns these
  const files = pathsBelow(root.path).filter((path) => !before.includes(path));
  expect(files.filter((path) => !/^\/(?:usr|var)(?:\/[\w.-]+)*$/.test(path))).toEqual([]);
});

testIt(
  "an upgrade refreshes the files of hotplug --install, and an erasure removes them",
  async () => {
    using root = emptyRoot();
    await rpm(root.path, "--install", here);
    await ec2nicIn(root.path, "hotplug", "--install");
    const unit = join(root.path, "etc/systemd/system/ec2nic-network.service");
    await Bun.write(unit, "# written by ec2nic\n[Service]\nExecStart=/usr/bin/ec2nic old\n");
    await rpm(root.path, "--upgrade", "--force", here);
    expect(await Bun.file(unit).text()).toContain("activate --stage network");
    await rpm(root.path, "--erase", "ec2nic");
    expect(pathsBelow(join(root.path, "etc"))).toEqual([]);
  },
);
