import { expect, test } from "bun:test";
import { findUntrustedPath } from "../../../src/install/program.ts";
import type { FileStat } from "../../../src/host/host.ts";
import { fakeFiles } from "../../kit/host/fake-host.ts";

const program = "/opt/tools/ec2nic";
const rootOwned: Readonly<Record<string, FileStat>> = {
  "/opt": { kind: "directory", mode: 0o755, uid: 0, inode: 1 },
  "/opt/tools": { kind: "directory", mode: 0o755, uid: 0, inode: 2 },
  [program]: { kind: "file", mode: 0o755, uid: 0, inode: 3 },
};

const findWith = (path: string, changes: Partial<FileStat>): Promise<string | null> => {
  const stats = { ...rootOwned, [path]: { ...rootOwned[path], ...changes } as FileStat };
  const files = { ...fakeFiles(), stat: async (each: string) => stats[each] ?? null };
  return findUntrustedPath({ files }, program);
};

test("a program of root in folders of root has no untrusted path", async () => {
  expect(await findWith(program, {})).toBeNull();
});

test.each<[string, Partial<FileStat>]>([
  [program, { uid: 1000 }],
  [program, { mode: 0o777 }],
  ["/opt/tools", { uid: 1000 }],
  ["/opt/tools", { mode: 0o777 }],
  ["/opt", { uid: 1000 }],
])("%s with %p is untrusted", async (path, changes) => {
  expect(await findWith(path, changes)).toBe(path);
});

test.each<[string, Partial<FileStat>]>([
  ["/opt/tools", { mode: 0o1777 }],
  ["/opt/tools", { mode: 0o2775 }],
  ["/opt", { kind: "link", mode: 0o777 }],
])("%s with %p is trusted", async (path, changes) => {
  expect(await findWith(path, changes)).toBeNull();
});
