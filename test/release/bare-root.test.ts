import { afterAll, expect } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { aroundOwnImds } from "../kit/program/own-imds.ts";
import { binary } from "../kit/program/run-ec2nic.ts";
import { failingCommand, missingRoot, missingTool, testUnless } from "../kit/basics/skip.ts";

const folder = mkdtempSync(join(tmpdir(), "ec2nic-bare-"));
afterAll(() => rmSync(folder, { recursive: true }));

const libc = /^\s*(?:\S+ => )?(\/\S+) \(0x/gm;

/** Makes a root with the program, the libraries that `ldd` prints for it, and an empty /proc. */
function makeRoot(root: string): void {
  const linked = Bun.spawnSync(["ldd", binary]).stdout.toString().matchAll(libc);
  for (const [, path = ""] of linked) copy(path, join(root, path));
  copy(binary, join(root, "ec2nic"));
  mkdirSync(join(root, "proc"));
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

/** Runs ec2nic in the root, with its own namespaces and /proc; `around` runs before the chroot. */
function inRoot(args: readonly string[], around: readonly string[] = []) {
  const mounted = 'mount -t proc proc "$1/proc" && shift && exec "$@"';
  const spaces = ["unshare", "--mount", "--net", "--pid", "--fork", "--"];
  const enter = ["sh", "-c", mounted, "sh", folder, ...around, "chroot", folder, "/ec2nic"];
  const argv = [...spaces, ...enter, ...args];
  const env = { PATH: process.env["PATH"] };
  const { exitCode, stdout, stderr } = Bun.spawnSync(argv, { env, stderr: "pipe" });
  return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

const missing =
  (existsSync(binary) ? null : "dist/ec2nic is not built") ??
  missingRoot() ??
  missingTool("ldd", "chroot", "ip") ??
  failingCommand("unshare", "--mount", "--net", "--pid", "--fork", "true");
const testIt = testUnless(missing);
if (missing === null) makeRoot(folder);

testIt("the root contains only libc and ec2nic", async () => {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true });
  const names = found.filter((entry) => entry.isFile()).map(({ name }) => name);
  expect(
    names.filter((name) => !/^(?:lib(?:c|m|dl|pthread)\.so\.\d|ld-linux.*)$/.test(name)),
  ).toEqual(["ec2nic"]);
});

for (const args of [["--version"], ["--help"], ["activate", "--help"]]) {
  testIt(`ec2nic ${args.join(" ")} works in a root with only libc`, async () => {
    expect(inRoot(args)).toMatchObject({ code: 0, stderr: "" });
  });
}

testIt("fetch works in a root with only libc, with IMDS at its default address", async () => {
  const around = aroundOwnImds(["ipv4"]);
  const fetched = inRoot(["fetch", "instance-id"], around);
  expect(fetched).toEqual({ code: 0, stdout: "i-0ec20000000000001\n", stderr: "" });
});

testIt("fetch --endpoint works in a root with only libc", async () => {
  const around = aroundOwnImds(["ipv4"]);
  const args = ["fetch", "placement", "--endpoint", "http://169.254.169.254", "--format", "env"];
  const { code, stdout } = inRoot(args, around);
  expect({ code, stdout }).toMatchObject({ code: 0 });
  expect(stdout).toContain('EC2_PLACEMENT_REGION="eu-central-1"\n');
});
