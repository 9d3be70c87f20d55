import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** Cgroups and folders of sandboxes begin so, followed by the process id of the test. */
export const sandboxPrefix = "ec2nic-sandbox-";

/**
 * Where cgroup2 is mounted: `/sys/fs/cgroup`, or `/sys/fs/cgroup/unified` in systemd's hybrid
 * layout; null where it is not mounted.
 * https://www.freedesktop.org/software/systemd/man/latest/file-hierarchy.html
 */
export function cgroup2Mount(): string | null {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const found = lines.find((line) => / - cgroup2 /.test(line) && line.split(" ")[3] === "/");
  return found?.split(" ")[4] ?? null;
}

/** Creates an empty cgroup, and removes those of tests that were killed. */
export function makeCgroup(name: string): string {
  const mount = cgroup2Mount();
  if (mount === null) throw new Error("no cgroup2 is mounted here");
  for (const each of leftCgroups()) if (!isAlive(each)) removeCgroup(each);
  const path = join(mount, `${sandboxPrefix}${process.pid}-${name}`);
  mkdirSync(path);
  return path;
}

/** The cgroups of all sandboxes. */
export function leftCgroups(): readonly string[] {
  const mount = cgroup2Mount();
  if (mount === null) return [];
  const names = readdirSync(mount).filter((name) => name.startsWith(sandboxPrefix));
  return names.map((name) => join(mount, name));
}

/** The name of a cgroup in /proc/PID/cgroup: its path below the mount. */
export function cgroupName(path: string): string {
  return path.slice(cgroup2Mount()?.length ?? 0);
}

/** Kills every process in a cgroup and below it, without process ids. Since Linux 5.14. */
export function killCgroup(path: string): void {
  if (existsSync(path)) writeFileSync(join(path, "cgroup.kill"), "1");
}

/** Whether no process is in a cgroup or below it. */
export function isEmptyCgroup(path: string): boolean {
  if (!existsSync(path)) return true;
  return readFileSync(join(path, "cgroup.events"), "utf8").includes("populated 0");
}

/** Removes an empty cgroup with all below it; fails with EBUSY where a process is in it. */
export function removeCgroup(path: string): void {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroup(join(path, entry.name));
  }
  rmdirSync(path);
}

function isAlive(cgroup: string): boolean {
  const pid =
    cgroup.slice(cgroup.lastIndexOf(sandboxPrefix) + sandboxPrefix.length).split("-")[0] ?? "";
  return existsSync(`/proc/${pid}`);
}
