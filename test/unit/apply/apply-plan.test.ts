import { openTarget } from "../../../src/host/target.ts";
import { describe, expect, test } from "bun:test";
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { applyPlan } from "../../../src/apply/apply-plan.ts";
import { readManagedFiles } from "../../../src/inspect/machine/managed-files.ts";
import { Failure } from "../../../src/exit.ts";
import { systemFiles } from "../../../src/host/files.ts";
import type { Files } from "../../../src/host/host.ts";
import type { NetworkPlan } from "../../../src/model/plan.ts";
import { managedPath } from "../../../src/model/managed-paths.ts";
import { fileHost, treeOf } from "../../kit/files/golden-case.ts";
import { macAt } from "../../kit/facts/nics.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";

const fileOf = (number: number) => ({
  path: managedPath("netplan", macAt(number)),
  content: `# written by ec2nic for ${number}\n`,
  mode: 0o600,
  mac: macAt(number),
});
const resultOf = (number: number) => {
  return { mac: macAt(number), name: null, eni: null, outcome: "configured" } as const;
};
const plan: NetworkPlan = {
  backend: "netplan",
  write: [fileOf(0), fileOf(1), fileOf(2)],
  remove: [],
  steps: [],
  reasons: [],
  nics: [resultOf(0), resultOf(1), resultOf(2)],
};

/** `Files` whose writes to one NIC's file fail. */
function failingAt(number: number, error: Error): Files {
  const write: Files["write"] = (path, content, mode) =>
    path.endsWith(fileOf(number).path)
      ? Promise.reject(error)
      : systemFiles.write(path, content, mode);
  return { ...systemFiles, write };
}

const apply = (root: string, some = plan, files: Files = systemFiles) =>
  applyPlan(fileHost(files, root), some, { reachability: null, interruptedRun: null, undo: [] });

test("apply replaces each file with the new content and mode 0600, and leaves no temporary file", async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  await mkdir(join(root, "etc/netplan"), { recursive: true });
  await writeFile(
    join(root, fileOf(0).path),
    "a longer text than the one that replaces it\n".repeat(9),
  );
  await chmod(join(root, fileOf(0).path), 0o644);
  expect((await apply(root)).failure).toBeNull();
  const expected = Object.fromEntries(plan.write.map(({ path, content }) => [path, content]));
  expect(await treeOf(root)).toEqual(expected);
  for (const { path } of plan.write) {
    expect((await stat(join(root, path))).mode & 0o7777).toBe(0o600);
  }
});

test("apply removes the listed files, and a missing file is no error", async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  await apply(root);
  const removal = { ...plan, write: [], remove: [fileOf(0).path, fileOf(7).path] };
  expect((await apply(root, removal)).failure).toBeNull();
  expect(Object.keys(await treeOf(root))).toEqual([fileOf(1).path, fileOf(2).path]);
});

describe("a file that cannot be written", () => {
  const full = new Failure("CANTCREAT", "etc: no space left on the device");

  test("fails its own NIC, and the other NICs are configured", async () => {
    using folder = temporaryFolder();
    const root = folder.path;
    const { nics, failure } = await apply(root, plan, failingAt(1, full));
    expect(nics.map(({ outcome }) => outcome)).toEqual(["configured", "failed", "configured"]);
    expect(nics[1]?.reason).toBe(full.message);
    expect(failure?.kind).toBe("CANTCREAT");
    expect(Object.keys(await treeOf(root))).toEqual([fileOf(0).path, fileOf(2).path]);
  });

  test("keeps the old file of its NIC", async () => {
    using folder = temporaryFolder();
    const root = folder.path;
    const old = managedPath("networkd", macAt(1));
    await mkdir(join(root, "etc/systemd/network"), { recursive: true });
    await writeFile(join(root, old), "# written by ec2nic\n");
    await apply(root, { ...plan, remove: [old] }, failingAt(1, full));
    expect(Object.keys(await treeOf(root))).toContain(old);
  });

  test("an unexpected error (TypeError) ends the run, and is not reported as the failure of one NIC", async () => {
    using folder = temporaryFolder();
    const root = folder.path;
    const bug = new TypeError("a bug");
    await expect(apply(root, plan, failingAt(1, bug))).rejects.toThrow("a bug");
  });

  test("ends with CANTCREAT and leaves no temporary file where a folder has its path", async () => {
    using folder = temporaryFolder();
    const root = folder.path;
    await mkdir(join(root, fileOf(1).path, "x"), { recursive: true });
    const { failure } = await apply(root);
    expect(failure?.kind).toBe("CANTCREAT");
    expect((await readdir(join(root, "etc/netplan"))).toSorted()).toEqual(
      plan.write.map(({ path }) => path.slice("/etc/netplan/".length)),
    );
  });
});

describe("--root", () => {
  test("a symbolic link in the path that leads out of --root is refused, and its target is unchanged", async () => {
    using temporary = temporaryFolder();
    const folder = temporary.path;
    const [root, outside] = [join(folder, "root"), join(folder, "outside")];
    await mkdir(join(root, "etc"), { recursive: true });
    await mkdir(outside);
    await symlink(outside, join(root, "etc/netplan"));
    const { failure, nics } = await apply(root);
    expect(failure?.kind).toBe("CANTCREAT");
    expect(failure?.message).toContain(`${root}/etc/netplan is a symbolic link`);
    expect(nics.map(({ outcome }) => outcome)).toEqual(["failed", "failed", "failed"]);
    expect(await readdir(outside)).toEqual([]);
  });

  test("a symbolic link at the path of a file is replaced and not followed", async () => {
    using temporary = temporaryFolder();
    const folder = temporary.path;
    const [root, victim] = [join(folder, "root"), join(folder, "victim")];
    await mkdir(join(root, "etc/netplan"), { recursive: true });
    await writeFile(victim, "precious\n");
    await symlink(victim, join(root, fileOf(0).path));
    const state = await readManagedFiles(openTarget({ files: systemFiles }, root));
    expect(state.files).toEqual([{ path: fileOf(0).path, content: "", mode: null }]);
    expect((await apply(root)).failure).toBeNull();
    expect(await readFile(victim, "utf8")).toBe("precious\n");
    expect((await treeOf(root))[fileOf(0).path]).toBe(fileOf(0).content);
  });
});
