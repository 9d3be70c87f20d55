import { expect, setDefaultTimeout } from "bun:test";
import { version } from "../../package.json";
import { command } from "../support/machine/command.ts";
import { aroundOwnImds } from "../support/own-imds.ts";
import { handedOut, releaseMissing } from "../support/release/handed-out.ts";
import { makeMuslRoot } from "../support/release/musl-root.ts";
import { missingRoot, missingTool, testUnless } from "../support/skip.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(120_000);

const program = handedOut("ec2nic-VERSION-linux-x64-musl");
const testIt = testUnless(
  (process.arch === "x64" ? null : "Debian's musl of x64 is what it is tried on") ??
    releaseMissing(program) ??
    missingTool("gcc", "mmdebstrap", "ip") ??
    missingRoot(),
);

testIt("musl: it starts, asks IMDS with bound sockets too, and plans", async () => {
  using root = temporaryFolder();
  await makeMuslRoot(root.path, program);
  const mounted =
    'mount -t proc proc "$1/proc" && mount -t sysfs sysfs "$1/sys" && shift && exec "$@"';
  const spaces = ["unshare", "--mount", "--net", "--pid", "--fork"];
  const before = [...spaces, "sh", "-c", mounted, "sh", root.path, ...aroundOwnImds(["ipv4"])];
  const enter =
    'cd "$1" && root=$1 && shift && exec env LD_PRELOAD=/lib/shim.so chroot "$root" "$@"';
  const inRoot = (...args: readonly string[]) =>
    command([...before, "sh", "-c", enter, "sh", root.path, "/ec2nic", ...args]);

  expect((await inRoot("--version")).stdout).toBe(`ec2nic ${version}\n`);
  const ways = [[], ["--interface", "lo"]];
  for (const way of ways) {
    const fetched = await inRoot("fetch", "instance-id", "--timeout", "10s", ...way);
    expect(fetched).toMatchObject({ code: 0, stdout: "i-0ec20000000000001\n" });
  }
  const plan = ["activate", "--dry-run", "--backend", "networkd", "--stage", "local"];
  expect((await inRoot(...plan)).stdout).toContain("networkd: 2 files to write");
});
