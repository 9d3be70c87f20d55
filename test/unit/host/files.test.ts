import { expect, test } from "bun:test";
import { mkdir, readdir, readlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../../src/exit.ts";
import { systemFiles } from "../../../src/host/files.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";

test("symlink replaces what is at the path, and leaves no temporary file", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "x");
  for (const target of ["../a", "/b"]) {
    await systemFiles.symlink(path, target);
    expect(await readlink(path)).toBe(target);
  }
  await writeFile(join(folder.path, "file"), "");
  await systemFiles.symlink(join(folder.path, "file"), "/c");
  expect(await readlink(join(folder.path, "file"))).toBe("/c");
  expect(await readdir(folder.path)).toEqual(["file", "x"]);
});

test("symlink leaves no temporary file where it fails", async () => {
  using folder = temporaryFolder();
  await mkdir(join(folder.path, "x"));
  await expect(systemFiles.symlink(join(folder.path, "x"), "/b")).rejects.toBeInstanceOf(Failure);
  await expect(systemFiles.symlink(join(folder.path, "no/x"), "/b")).rejects.toBeInstanceOf(
    Failure,
  );
  expect(await readdir(folder.path)).toEqual(["x"]);
});

test("rmdir removes an empty folder, and changes nothing else", async () => {
  using folder = temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  await mkdir(at("empty"));
  await mkdir(at("full/inner"), { recursive: true });
  await writeFile(at("file"), "");
  await systemFiles.symlink(at("link"), at("full/inner"));
  for (const name of ["empty", "full", "file", "link", "none"]) {
    await systemFiles.rmdir(at(name));
  }
  expect(await readdir(folder.path)).toEqual(["file", "full", "link"]);
  expect(await readdir(at("full"))).toEqual(["inner"]);
});

test("removeTemporary removes temporary files that are old enough, and nothing else", async () => {
  using folder = temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  const others = ["ec2nic.conf", ".ec2nic-0123456789ab.tmp.bak", ".ec2nic-short.tmp"];
  for (const name of [...others, ".ec2nic-0123456789ab.tmp"]) await writeFile(at(name), "");
  await systemFiles.symlink(at("link"), "/c");
  await mkdir(at(".ec2nic-ba9876543210.tmp"));
  await systemFiles.removeTemporary(folder.path, 60_000);
  expect(await systemFiles.list(folder.path)).toContain(".ec2nic-0123456789ab.tmp");
  await systemFiles.removeTemporary(folder.path, 0);
  const left = [...others, ".ec2nic-ba9876543210.tmp", "link"];
  expect(await systemFiles.list(folder.path)).toEqual(left.toSorted());
  await systemFiles.removeTemporary(at("none"), 0);
});

test("read throws OSERR for a pipe, a device or a folder, and does not wait", async () => {
  using folder = temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  expect(Bun.spawnSync(["mkfifo", at("pipe")]).exitCode).toBe(0);
  await systemFiles.symlink(at("zero"), "/dev/zero");
  for (const name of ["pipe", "zero", "."]) {
    await expect(systemFiles.read(at(name))).rejects.toMatchObject({ kind: "OSERR" });
  }
  await systemFiles.symlink(at("masked"), "/dev/null");
  expect(await systemFiles.read(at("masked"))).toHaveLength(0);
  expect(await systemFiles.read(at("none"))).toBeNull();
  expect((await systemFiles.read("/proc/uptime"))?.length).toBeGreaterThan(3);
});

test("read throws OSERR for a file of 1 GiB", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "sparse");
  await writeFile(path, "");
  await truncate(path, 1 << 30);
  await expect(systemFiles.read(path)).rejects.toMatchObject({ kind: "OSERR" });
});

test("read reads a pipe with mayBePipe", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "pipe");
  Bun.spawnSync(["mkfifo", path]);
  const writer = Bun.spawn(["sh", "-c", `echo said > ${path}`]);
  const bytes = await systemFiles.read(path, { mayBePipe: true });
  expect(new TextDecoder().decode(bytes ?? new Uint8Array())).toBe("said\n");
  await writer.exited;
});
