import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** The bench's own branches of the cgroup tree begin so, followed by the test's process id. */
const prefix = "ec2nic-bench-";

/**
 * Where cgroup2 is mounted: `/sys/fs/cgroup`, or `/sys/fs/cgroup/unified` in systemd's hybrid
 * layout; null where it is not.
 * https://www.freedesktop.org/software/systemd/man/latest/file-hierarchy.html
 */
export function cgroup2Mount(): string | null {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const found = lines.find((line) => / - cgroup2 /.test(line) && line.split(" ")[3] === "/");
  return found?.split(" ")[4] ?? null;
}

/** Makes an empty branch; what an earlier test left behind when it was killed goes. */
export function makeCgroup(name: string): string {
  const mount = cgroup2Mount();
  if (mount === null) throw new Error("no cgroup2 is mounted here");
  for (const each of leftCgroups()) if (!isAlive(each)) removeCgroup(each);
  const path = join(mount, `${prefix}${process.pid}-${name}`);
  mkdirSync(path);
  return path;
}

/** The branches of all benches that there are now. */
export function leftCgroups(): readonly string[] {
  const mount = cgroup2Mount();
  if (mount === null) return [];
  const names = readdirSync(mount).filter((name) => name.startsWith(prefix));
  return names.map((name) => join(mount, name));
}

/** A branch as /proc/PID/cgroup has it: from the mount's root. */
export function cgroupName(path: string): string {
  return path.slice(cgroup2Mount()?.length ?? 0);
}

/** Kills every process in a branch and below it. Linux 5.14; no process numbers are involved. */
export function killCgroup(path: string): void {
  if (existsSync(path)) writeFileSync(join(path, "cgroup.kill"), "1");
}

/** Whether no process is in a branch or below it. */
export function isEmptyCgroup(path: string): boolean {
  if (!existsSync(path)) return true;
  return readFileSync(join(path, "cgroup.events"), "utf8").includes("populated 0");
}

/** Removes an empty branch with all below it; processes in it make it fail with EBUSY. */
export function removeCgroup(path: string): void {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroup(join(path, entry.name));
  }
  rmdirSync(path);
}

function isAlive(cgroup: string): boolean {
  const pid = cgroup.slice(cgroup.lastIndexOf(prefix) + prefix.length).split("-")[0] ?? "";
  return existsSync(`/proc/${pid}`);
}
