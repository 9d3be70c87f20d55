import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { goldenCases } from "../kit/files/golden-case.ts";
import { runEc2nic } from "../kit/program/run-ec2nic.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";

const [golden] = await goldenCases();
const metadata = join(golden?.folder ?? "", "imds.json");

/** What an image of somebody else's may have in the place of a file that is read. */
const planted = [
  "etc/netplan/a.yaml",
  "etc/systemd/network/a.network",
  "etc/ec2nic/unmanaged",
  "etc/resolv.conf",
  "etc/NetworkManager/NetworkManager.conf",
  "etc/ec2nic/nics.json",
];

const things: Readonly<Record<string, (path: string) => void>> = {
  "a pipe": (path) => void Bun.spawnSync(["mkfifo", path]),
  "a link to an endless device": (path) => symlinkSync("/dev/zero", path),
  "a link to itself": (path) => symlinkSync(path, path),
  "a folder": (path) => mkdirSync(path),
};

/** `activate` below a root; no endpoint is asked, for the metadata is a file. */
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

// a pipe hung the run, past every --timeout, and /dev/zero was read until the memory was full
for (const [name, plant] of Object.entries(things)) {
  test.each(planted)(`an image with ${name} at %s holds nobody up`, async (path) => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, dirname(path)), { recursive: true });
    plant(join(folder.path, path));
    const { code, stderr, elapsedMs } = await activate(folder.path, "--dry-run");
    expect([0, 71, 75], stderr).toContain(code);
    expect(elapsedMs).toBeLessThan(5000);
  });
}

// a stack that overflows was a bug (70)
test.each([40, 10_000, 200_000])("saved metadata %i folders deep is none", async (depth) => {
  using folder = temporaryFolder();
  const file = join(folder.path, "deep.json");
  writeFileSync(file, `${'{"a":'.repeat(depth)}"x"${"}".repeat(depth)}`);
  const args = ["activate", "--metadata", file, "--root", folder.path, "--dry-run"];
  const { code } = await runEc2nic({ args: [...args, "--endpoint", "http://127.0.0.1:1"] });
  expect(code).toBe(65);
});

test("an image whose folders lead out of it: nothing is written there", async () => {
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
