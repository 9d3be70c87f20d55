import { expect, setDefaultTimeout } from "bun:test";
import { version } from "../../package.json";
import { command } from "../kit/machine/command.ts";
import { aroundOwnImds } from "../kit/program/own-imds.ts";
import { releaseFile, releaseMissing } from "../kit/release/release-files.ts";
import { type Architecture, makeMuslRoot, muslTools } from "../kit/release/musl-root.ts";
import { missingRoot, missingTool, testUnless } from "../kit/basics/skip.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";

setDefaultTimeout(300_000);

/** arm64 runs in an emulator. */
const architectures: readonly Architecture[] = ["x64", "arm64"];

for (const architecture of architectures) {
  const program = releaseFile(`ec2nic-VERSION-linux-${architecture}-musl`);
  const testIt = testUnless(
    (process.arch === "x64" ? null : "this test uses Debian's tools for x64") ??
      releaseMissing(program) ??
      missingTool(...muslTools(architecture)) ??
      missingRoot(),
  );
  testIt(
    `musl, ${architecture}: ec2nic prints its version, fetches with bound sockets, and plans`,
    async () => {
      using root = temporaryFolder();
      const start = await makeMuslRoot(root.path, program, architecture);
      const mounted =
        'mount -t proc proc "$1/proc" && mount -t sysfs sysfs "$1/sys" && shift && exec "$@"';
      const spaces = ["unshare", "--mount", "--net", "--pid", "--fork"];
      const before = [...spaces, "sh", "-c", mounted, "sh", root.path, ...aroundOwnImds(["ipv4"])];
      const inRoot = (...args: readonly string[]) =>
        command([...before, ...start, ...args], { timeoutMs: 200_000 });

      expect((await inRoot("--version")).stdout).toBe(`ec2nic ${version}\n`);
      for (const interfaceArgs of [[], ["--interface", "lo"]]) {
        const fetched = await inRoot("fetch", "instance-id", ...interfaceArgs);
        expect(fetched).toMatchObject({ code: 0, stdout: "i-0ec20000000000001\n" });
      }
      const plan = ["activate", "--dry-run", "--backend", "networkd", "--stage", "local"];
      expect((await inRoot(...plan)).stdout).toContain("networkd: 2 files to write");
    },
  );
}
