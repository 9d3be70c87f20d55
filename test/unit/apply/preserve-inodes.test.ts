import { expect, test } from "bun:test";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { preserveInodes } from "../../../src/apply/run-steps.ts";
import { systemFiles } from "../../../src/host/files.ts";
import type { Files } from "../../../src/host/host.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";

/** The real file system, with /run/ec2nic in the folder of the test. */
function filesIn(folder: string): Files {
  const at = (path: string): string => path.replace(/^\/run\/ec2nic/, folder);
  return {
    ...systemFiles,
    list: (path) => systemFiles.list(at(path)),
    mkdir: (path, mode) => systemFiles.mkdir(at(path), mode),
    hardLink: (path, existing) => systemFiles.hardLink(at(path), at(existing)),
    move: (from, to) => systemFiles.move(at(from), at(to)),
    stat: (path) => systemFiles.stat(at(path)),
    read: (path) => systemFiles.read(at(path)),
    remove: (path) => systemFiles.remove(at(path)),
    rmdir: (path) => systemFiles.rmdir(at(path)),
  };
}

async function rewriteUnit(content: string | null, fails = false) {
  using folder = temporaryFolder();
  const units = join(folder.path, "units");
  await systemFiles.mkdir(units, 0o755);
  const unit = join(units, "10-netplan-ens5.network");
  writeFileSync(unit, "[Match]\n");
  const before = statSync(unit);
  const host = { files: filesIn(folder.path) };
  const done = preserveInodes(host, units, async () => {
    rmSync(unit);
    if (content !== null) writeFileSync(unit, content);
    writeFileSync(join(units, "new.network"), "");
    if (fails) throw new Error("it failed");
  });
  await done.catch(() => undefined);
  const names = await systemFiles.list(units);
  const now = names.includes("10-netplan-ens5.network") ? statSync(unit) : null;
  const isSame = now?.ino === before.ino && now.mtimeMs === before.mtimeMs;
  const text = now === null ? null : readFileSync(unit, "utf8");
  return { isSame, text, names: names.length, left: await systemFiles.list(folder.path) };
}

const left = ["units"];

test("a file that is rewritten with the same content keeps its inode and its time", async () => {
  expect(await rewriteUnit("[Match]\n")).toEqual({
    isSame: true,
    text: "[Match]\n",
    names: 2,
    left,
  });
});

test("a file that is rewritten with other content is the new file", async () => {
  const text = "[Match]\nName=a\n";
  expect(await rewriteUnit(text)).toEqual({ isSame: false, text, names: 2, left });
});

test("a file that is removed stays removed", async () => {
  expect(await rewriteUnit(null)).toEqual({ isSame: false, text: null, names: 1, left });
});

test("no copy remains where the work fails", async () => {
  expect(await rewriteUnit("[Match]\n", true)).toMatchObject({ isSame: true, left });
});

test("a file that was not rewritten has one hard link, also where a killed run left a copy", async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "a.network"), "a");
  await systemFiles.mkdir(join(folder.path, "kept"), 0o700);
  writeFileSync(join(folder.path, "kept/a.network"), "of an earlier run");
  await preserveInodes({ files: filesIn(folder.path) }, folder.path, async () => undefined);
  expect(statSync(join(folder.path, "a.network")).nlink).toBe(1);
  expect(readFileSync(join(folder.path, "a.network"), "utf8")).toBe("a");
});
