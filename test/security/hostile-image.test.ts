import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { goldenCases } from "../kit/files/golden-case.ts";
import { runEc2nic } from "../kit/program/run-ec2nic.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";
import { atOnceMs, testLimitMs } from "../kit/basics/busy-machine.ts";

setDefaultTimeout(testLimitMs);

const [golden] = await goldenCases();
const metadata = join(golden?.folder ?? "", "imds.json");

/** Paths that activate reads; a hostile image may have something else than a file there. */
const readPaths = [
  "etc/netplan/a.yaml",
  "etc/systemd/network/a.network",
  "etc/ec2nic/unmanaged",
  "etc/resolv.conf",
  "etc/NetworkManager/NetworkManager.conf",
  "etc/ec2nic/nics.json",
];

const obstacles: Readonly<Record<string, (path: string) => void>> = {
  "a pipe": (path) => void Bun.spawnSync(["mkfifo", path]),
  "a link to an endless device": (path) => symlinkSync("/dev/zero", path),
  "a link to itself": (path) => symlinkSync(path, path),
  "a folder": (path) => mkdirSync(path),
};

/** Runs `activate` below a root. It sends no request, because the metadata is a file. */
function activate(root: string, ...more: readonly string[]) {
  const args = [
    "activate",
    "--backend",
    "networkd",
    "--metadata",
    metadata,
    "--root",
    root,
    ...more,
  ];
  return runEc2nic({ args: [...args, "--endpoint", "http://127.0.0.1:1"] });
}

// before the fix, a pipe blocked the run beyond --timeout, and /dev/zero filled the memory
for (const [name, create] of Object.entries(obstacles)) {
  test.each(readPaths)(`activate ends in time on an image with ${name} at %s`, async (path) => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, dirname(path)), { recursive: true });
    create(join(folder.path, path));
    const { code, stderr, elapsedMs } = await activate(folder.path, "--dry-run");
    expect([0, 71, 75], stderr).toContain(code);
    expect(elapsedMs).toBeLessThan(atOnceMs);
  });
}

// before the fix, deep nesting overflowed the stack, which was exit status 70
test.each([40, 10_000, 200_000])("saved metadata nested %i levels is rejected", async (depth) => {
  using folder = temporaryFolder();
  const file = join(folder.path, "deep.json");
  writeFileSync(file, `${'{"a":'.repeat(depth)}"x"${"}".repeat(depth)}`);
  const args = ["activate", "--metadata", file, "--root", folder.path, "--dry-run"];
  const { code } = await runEc2nic({ args: [...args, "--endpoint", "http://127.0.0.1:1"] });
  expect(code).toBe(65);
});

test("activate writes nothing through a symbolic link that leaves the image", async () => {
  using folder = temporaryFolder();
  const [root, outside] = [join(folder.path, "root"), join(folder.path, "outside")];
  mkdirSync(join(root, "etc"), { recursive: true });
  mkdirSync(join(outside, "network"), { recursive: true });
  writeFileSync(join(outside, "network", "60-ec2nic-06aabbccdd00.network"), "theirs");
  symlinkSync(outside, join(root, "etc/systemd"));
  const { code } = await activate(root);
  expect(code).toBe(73);
  expect(readdirSync(join(outside, "network"))).toEqual(["60-ec2nic-06aabbccdd00.network"]);
});
