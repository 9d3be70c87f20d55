import { openTarget } from "../../../../src/host/target.ts";
import { expect, test } from "bun:test";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readManagedFiles } from "../../../../src/inspect/machine/managed-files.ts";
import { systemFiles } from "../../../../src/host/files.ts";
import { backends } from "../../../../src/model/plan.ts";
import { managedPath } from "../../../../src/model/managed-paths.ts";
import { macAt } from "../../../kit/facts/nics.ts";
import { temporaryFolder } from "../../../kit/basics/temporary-folder.ts";

async function putFile(root: string, path: string, content: string | Uint8Array, mode: number) {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
  await chmod(join(root, path), mode);
}

test("readManagedFiles finds nothing in an empty root", async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  expect(await readManagedFiles(openTarget({ files: systemFiles }, root))).toEqual({
    files: [],
    unmanaged: null,
    policy: null,
  });
});

test("readManagedFiles reads the managed paths of every backend with content and mode, and no other file", async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const paths = backends.map((backend) => managedPath(backend, macAt(1))).toSorted();
  for (const path of paths) await putFile(root, path, `${path}\n`, 0o640);
  await putFile(root, "/etc/netplan/50-cloud-init.yaml", "network: {}\n", 0o600);
  await putFile(root, "/etc/ec2nic/unmanaged", "ens7\n", 0o644);
  await putFile(root, "/etc/ec2nic/policy", "no-secondary-defaults\n", 0o644);
  expect(await readManagedFiles(openTarget({ files: systemFiles }, root))).toEqual({
    files: paths.map((path) => ({ path, content: `${path}\n`, mode: 0o640 })),
    unmanaged: "ens7\n",
    policy: "no-secondary-defaults\n",
  });
});

test("readManagedFiles keeps a byte order mark, so that the file counts as different", async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const path = managedPath("netplan", macAt(1));
  await putFile(root, path, new Uint8Array([0xef, 0xbb, 0xbf, 0x61]), 0o600);
  const { files } = await readManagedFiles(openTarget({ files: systemFiles }, root));
  expect(files[0]?.content).toBe("\ufeffa");
});
