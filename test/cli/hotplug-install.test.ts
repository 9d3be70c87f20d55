import { expect, test } from "bun:test";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { testLimitMs } from "../kit/basics/busy-machine.ts";
import { createRandom } from "../kit/basics/random.ts";
import { makeClients, treeBelow } from "../kit/files/image.ts";
import { binary, type RunOptions, runEc2nic, startEc2nic } from "../kit/program/run-ec2nic.ts";
import { seededRuns } from "../kit/basics/seed.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";

/** Calls `work` with an image that contains the program, systemd and DHCP clients. */
async function withImage(work: (root: string) => Promise<void>): Promise<void> {
  using folder = temporaryFolder();
  const root = join(folder.path, "image");
  await makeClients(root);
  await writeInto(root, "usr/local/bin/ec2nic");
  await writeInto(root, "usr/lib/systemd/systemd");
  await writeInto(root, "usr/lib/udev/rules.d/50-udev-default.rules");
  await work(root);
}

async function writeInto(root: string, path: string, content = ""): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

const hotplug = (args: readonly string[], more: Partial<RunOptions> = {}) =>
  runEc2nic({ args: ["hotplug", ...args], namespace: true, ...more });

test("--install --root writes and lists the files once; --uninstall removes all of them", async () => {
  await withImage(async (root) => {
    const before = await treeBelow(root);
    const first = await hotplug(["--install", "--from-dhcp", "--root", root]);
    expect([first.code, first.text]).toEqual([0, ""]);
    expect(first.stderr).toContain(`ec2nic: wrote ${root}/etc/udev/rules.d/90-ec2nic.rules\n`);
    expect(first.stderr).toContain(`installed below ${root}; units start /usr/local/bin/ec2nic\n`);
    expect(first.stderr).not.toContain("ec2nic: ran ");
    const installed = await treeBelow(root);
    expect(installed.join("\n")).toContain("ExecStart=/usr/local/bin/ec2nic hotplug sync");
    const second = await hotplug(["--install", "--from-dhcp", "--root", `${root}/`]);
    expect(second.stderr).toContain("already installed");
    expect(second.stderr).not.toMatch(/wrote|linked|removed/);
    expect(await treeBelow(root)).toEqual(installed);
    // --uninstall needs no --from-dhcp to remove the hooks
    expect((await hotplug(["--uninstall", "--root", root, "--quiet"])).stderr).toBe("");
    expect(await treeBelow(root)).toEqual(before);
    expect((await hotplug(["--uninstall", "--root", root])).stderr).toBe(
      `ec2nic: nothing to uninstall below ${root}\n`,
    );
  });
});

test("--root with a relative path: the units start the program by its path in the image", async () => {
  await withImage(async (root) => {
    const program = join(root, "opt/ec2nic");
    await mkdir(dirname(program));
    Bun.spawnSync(["cp", "--reflink=auto", binary, program]);
    const argv = [program, "hotplug", "--install", "--root", "image", "--dry-run"];
    const run = Bun.spawnSync(argv, { cwd: dirname(root), env: {}, stderr: "pipe" });
    const text = run.stdout.toString();
    expect(text).toContain("write image/etc/systemd/system/ec2nic-local.service\n");
    expect(text).toEndWith("\nunits start /opt/ec2nic\n");
  });
});

test(
  "after --install is killed, --uninstall restores the tree and --install completes it",
  async () => {
    const { numRuns, seed } = seededRuns(Number(process.env["KILLS"] ?? "6"));
    const { fraction } = createRandom(seed);
    let installMs = 0;
    await withImage(async (root) => {
      installMs = (await hotplug(["--install", "--from-dhcp", "--root", root])).elapsedMs;
    });
    for (let run = 0; run < numRuns; run += 1) {
      await withImage(async (root) => {
        await chmod(join(root, "etc"), 0o751);
        const before = await treeBelow(root);
        const args = ["hotplug", "--install", "--from-dhcp", "--root", root];
        await killAfter(args, fraction() * installMs);
        const left = await treeBelow(root);
        await hotplug(["--uninstall", "--root", root]);
        expect({ seed, left, tree: await treeBelow(root) }).toEqual({ seed, left, tree: before });
        await killAfter(args, fraction() * installMs);
        await runEc2nic({ args, namespace: true });
        const complete = await treeBelow(root);
        expect(complete.filter((line) => line.includes(".tmp"))).toEqual([]);
        expect(complete.filter((line) => line.includes("ec2nic-lease.path"))).toHaveLength(2);
        await killAfter(["hotplug", "--uninstall", "--root", root], fraction() * installMs);
        await hotplug(["--uninstall", "--root", root]);
        expect(await treeBelow(root)).toEqual(before);
      });
    }
  },
  testLimitMs,
);

async function killAfter(args: readonly string[], afterMs: number): Promise<void> {
  const running = startEc2nic({ args, namespace: true });
  await Bun.sleep(afterMs);
  running.kill("SIGKILL");
  await running.exited;
}
