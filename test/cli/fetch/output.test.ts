import { expect, test } from "bun:test";
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fetchFrom, fetchOnce } from "../../kit/program/fetch-from.ts";
import { startSimulator } from "../../../scripts/simulator/start.ts";
import { failingCommand, missingRoot, testUnless } from "../../kit/basics/skip.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";

test("--output writes the value with mode 0600 for any umask, and nothing to stdout", async () => {
  for (const umask of ["000", "022", "777"]) {
    using folder = temporaryFolder();
    const file = join(folder.path, "id");
    const around = ["sh", "-c", `umask ${umask}; exec "$@"`, "sh"];
    const { code, text, stderr } = await fetchOnce({}, ["mac", "--output", file], { around });
    expect({ code, text, stderr }).toEqual({ code: 0, text: "", stderr: "" });
    expect(readFileSync(file, "utf8")).toBe("06:ec:2a:00:00:00\n");
    expect(lstatSync(file).mode & 0o7777).toBe(0o600);
    expect(readdirSync(folder.path)).toEqual(["id"]);
  }
});

test("--output replaces an existing file with a new one", async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "id");
  writeFileSync(file, "old and longer than the new value\n".repeat(9), { mode: 0o644 });
  const { ino } = lstatSync(file);
  expect((await fetchOnce({}, ["mac", "--output", file])).code).toBe(0);
  expect(readFileSync(file, "utf8")).toBe("06:ec:2a:00:00:00\n");
  expect(lstatSync(file).mode & 0o777).toBe(0o600);
  expect(lstatSync(file).ino).not.toBe(ino);
});

test("after a failure, the file has its old content and no temporary file is left", async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "id");
  writeFileSync(file, "old");
  for (const args of [["nope"], ["nope", "--format", "env"]]) {
    const { code, text: stdout } = await fetchOnce({}, [...args, "--output", file]);
    const text = args.includes("env") ? "(exit 66)\n" : "";
    expect({ code, stdout }).toEqual({ code: 66, stdout: text });
  }
  expect(readFileSync(file, "utf8")).toBe("old");
  expect(readdirSync(folder.path)).toEqual(["id"]);
});

// Never use the real /dev/null here: if the test fails as root, the rename replaces the device for
// the whole machine.
test("--output exits with 73 for a path that is not a plain file, and does not change it", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  writeFileSync(join(cwd, "target"), "old");
  symlinkSync("target", join(cwd, "link"));
  symlinkSync("nowhere", join(cwd, "dangling"));
  mkdirSync(join(cwd, "folder"));
  Bun.spawnSync(["mkfifo", join(cwd, "pipe")]);
  const before = kindsIn(cwd);
  await using simulator = await startSimulator();
  for (const file of ["link", "dangling", "folder", "folder/", "pipe", ".", "./link"]) {
    const { code, text, stderr } = await fetchFrom(simulator, ["mac", "--output", file], { cwd });
    expect({ file, code, text }).toEqual({ file, code: 73, text: "" });
    expect(stderr).toStartWith(`ec2nic: ${file}: `);
  }
  expect(readFileSync(join(cwd, "target"), "utf8")).toBe("old");
  expect(kindsIn(cwd)).toEqual(before);
});

const missingMknod =
  missingRoot() ?? failingCommand("sh", "-c", 'd=$(mktemp -u); mknod "$d" c 1 3 && rm "$d"');

testUnless(missingMknod)(
  "--output exits with 73 for a device, and does not change it",
  async () => {
    using folder = temporaryFolder();
    const device = join(folder.path, "null");
    Bun.spawnSync(["mknod", device, "c", "1", "3"]);
    const { code, stderr } = await fetchOnce({}, ["mac", "--output", device]);
    expect(code).toBe(73);
    expect(stderr).toContain("not a regular file");
    expect(lstatSync(device).isCharacterDevice()).toBe(true);
    expect(readdirSync(folder.path)).toEqual(["null"]);
  },
);

/** The names in a folder, with their kinds and modes. */
function kindsIn(path: string): readonly string[] {
  const kinds = readdirSync(path).map((name) => `${name} ${lstatSync(join(path, name)).mode}`);
  return kinds.toSorted();
}

const ownMounts = ["unshare", "--mount"];

testUnless(missingRoot() ?? failingCommand(...ownMounts, "true"))(
  "--output exits with 73 on a full disk, and keeps the old file",
  async () => {
    using folder = temporaryFolder();
    const script = `mount -t tmpfs -o size=64k tmpfs . && cd "$PWD" && printf old > id
      "$@"; echo "exit $?"; cat id; ls -A`;
    const around = [...ownMounts, "sh", "-c", script, "sh"];
    const of = { userData: new Uint8Array(500_000) };
    const args = ["user-data", "--output", "id"];
    const { text, stderr } = await fetchOnce(of, args, { around, cwd: folder.path });
    expect(text).toBe("exit 73\noldid\n");
    expect(stderr).toContain("no space left on the device");
  },
);

test.each([
  ["no/id", "there is no such directory"],
  ["file/id", "a part of the path is not a directory"],
])("--output %s exits with 73: %s", async (name, reason) => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "file"), "");
  const { code, stderr } = await fetchOnce({}, ["mac", "--output", `${folder.path}/${name}`]);
  expect(code).toBe(73);
  expect(stderr).toContain(`could not be written: ${reason}`);
});
