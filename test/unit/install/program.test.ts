import { expect, test } from "bun:test";
import type { FileStat } from "../../../src/host/host.ts";
import {
  findUntrustedPath,
  pathBelowRoot,
  unsuitableReason,
} from "../../../src/install/program.ts";
import { fakeFiles } from "../../kit/host/fake-host.ts";

test.each(["/usr/local/bin/ec2nic", "/usr/bin/ec2nic", "/opt/ec2nic-1.2/ec2nic", "/homes/ec2nic"])(
  "units can start %s",
  (program) => expect(unsuitableReason(program)).toBeNull(),
);

test.each([
  ["/tmp/ec2nic", "is temporary"],
  ["/var/tmp/x/ec2nic", "is temporary"],
  ["/run/ec2nic/ec2nic", "is temporary"],
  ["/dev/shm/ec2nic", "is temporary"],
  ["/home/admin/ec2nic", "units cannot see"],
  ["/root/ec2nic", "units cannot see"],
  ["/opt/my programs/ec2nic", "without blanks"],
  ["/usr/bin/ec2nic (deleted)", "without blanks"],
  ["/usr/bin/%n", "without blanks"],
  ["/usr/bin/$x", "without blanks"],
  ["ec2nic", "without blanks"],
])("units cannot start %s", (program, why) => expect(unsuitableReason(program)).toContain(why));

test.each([
  ["/mnt/image", "/mnt/image/usr/bin/ec2nic", "/usr/bin/ec2nic"],
  ["/mnt/image//", "/mnt/image/usr/bin/ec2nic", "/usr/bin/ec2nic"],
  ["/mnt/./other/../image", "/mnt/image/ec2nic", "/ec2nic"],
  ["/mnt/image", "/mnt/image2/ec2nic", null],
  ["/mnt/image", "/usr/bin/ec2nic", null],
])("below %s, %s is %p", (root, program, below) => {
  expect(pathBelowRoot(root, program)).toBe(below);
});

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
  [program, {}],
  ["/opt/tools", { mode: 0o1777 }],
  ["/opt/tools", { mode: 0o2775 }],
  ["/opt", { kind: "link", mode: 0o777 }],
])("%s with %p is trusted", async (path, changes) => {
  expect(await findWith(path, changes)).toBeNull();
});
