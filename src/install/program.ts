import { Failure } from "../exit.ts";
import type { FileHost, FileStat } from "../host/host.ts";
import { pathBelow, type TargetHost } from "../host/target.ts";
import { findExisting } from "../inspect/read-file.ts";
import { isPlainPath, parentDirectories } from "../model/managed-paths.ts";
import { quoteShellWord } from "../model/text.ts";

type ProgramHost = Pick<TargetHost, "files" | "program" | "target">;

const [defaultPath, ...otherPaths] = ["/usr/local/bin/ec2nic", "/usr/bin/ec2nic"] as const;

/**
 * The path by which units and hooks on the target start ec2nic. On this machine, this is the path
 * of the running program. In an image, it is the first that exists: the running program's path in
 * the image, or the path of another copy there (for example for another processor). If neither
 * exists, it is the running program's path on this machine. Throws `USAGE` if the path is
 * unsuitable; the hint contains the commands to fix that.
 */
export async function resolveProgram(host: ProgramHost): Promise<string> {
  const { root, isThisMachine } = host.target;
  const program = isThisMachine ? host.program : await findProgramInImage(host);
  const reason = unsuitableReason(program);
  if (reason === null) {
    // not for an image, because any user can build one
    if (isThisMachine) await refuseUntrustedPath(host, program);
    return program;
  }
  const target = isThisMachine ? defaultPath : quoteShellWord(pathBelow(root, defaultPath));
  const rerunCommand = isThisMachine
    ? `${target} hotplug --install`
    : `run this command again with --root ${quoteShellWord(root)}`;
  const hint = `install -D -m 0755 ${quoteShellWord(program)} ${target}, then ${rerunCommand}`;
  throw new Failure("USAGE", `${program}: ${reason}`, { hint });
}

async function refuseUntrustedPath(host: FileHost, program: string): Promise<void> {
  const path = await findUntrustedPath(host, program);
  if (path === null) return;
  const message = `${program}: units run this program as root, but users other than root can write ${path}`;
  const quoted = quoteShellWord(path);
  const hint = `chown -h root: ${quoted} && chmod o-w ${quoted}, then ${quoteShellWord(program)} hotplug --install`;
  throw new Failure("USAGE", message, { hint });
}

async function findProgramInImage({ files, program, target }: ProgramHost): Promise<string> {
  const { root } = target;
  const directory = (await files.readLink("/proc/self/cwd")) ?? "/";
  const path = pathBelowRoot(root.startsWith("/") ? root : `${directory}/${root}`, program);
  return path ?? (await findExisting(target, [defaultPath, ...otherPaths])) ?? program;
}

/** Directories whose files are lost at the next boot or earlier. */
const volatileDirectories = ["/tmp", "/var/tmp", "/run", "/dev", "/proc", "/sys"];

/** ProtectHome= hides these from our units, and a program that root runs does not belong there. */
const homeDirectories = ["/home", "/root"];

/**
 * The reason why units, rules and hooks cannot start a program at this path; null if they can.
 * systemd and shells split a path at blanks and interpret special characters. Units also need a
 * permanent path, and do not see home directories.
 */
export function unsuitableReason(program: string): string | null {
  const isBelow = (directory: string): boolean => program.startsWith(`${directory}/`);
  if (!isPlainPath(program)) {
    return "units and hooks need a path without blanks and special characters";
  }
  if (volatileDirectories.some(isBelow)) {
    return "units need a permanent path, and this directory is temporary";
  }
  return homeDirectories.some(isBelow) ? "units cannot see home directories" : null;
}

/**
 * The path of a program in the image at `root`; null if the program is not in the image. Both
 * arguments are absolute; `root` is as the user wrote it, and can contain `.` and `..`.
 */
export function pathBelowRoot(root: string, program: string): string | null {
  const parts = root.split("/").reduce<readonly string[]>((resolved, part) => {
    if (part === "" || part === ".") return resolved;
    return part === ".." ? resolved.slice(0, -1) : [...resolved, part];
  }, []);
  const directory = parts.map((part) => `/${part}`).join("");
  return program.startsWith(`${directory}/`) ? program.slice(directory.length) : null;
}

/**
 * The first directory of a program's path, or the program itself, that a user other than root could
 * change; null if there is none. Such a user could replace the program, which units run as root.
 * Groups with write permission are the admin's choice (Debian's `staff` in /usr/local).
 */
export async function findUntrustedPath(
  { files }: FileHost,
  program: string,
): Promise<string | null> {
  const paths = [...parentDirectories(program), program];
  const stats = await Promise.all(paths.map((path) => files.stat(path)));
  return paths.find((_, at) => isUntrusted(stats[at] ?? null)) ?? null;
}

/** In a directory with the sticky bit, like /tmp, other users cannot remove the files of root. */
function isUntrusted(stat: FileStat | null): boolean {
  if (stat === null) return false;
  const isSticky = stat.kind === "directory" && (stat.mode & 0o1000) !== 0;
  const isWritableByAll = stat.kind !== "link" && (stat.mode & 0o002) !== 0;
  return stat.uid !== 0 || (isWritableByAll && !isSticky);
}
