import { pathBelow, type TargetHost } from "../host/target.ts";
import { Failure } from "../exit.ts";
import type { FileStat, Host } from "../host/host.ts";
import { quoteShellWord } from "../model/text.ts";
import { parentDirectories, isPlainPath } from "../model/managed-paths.ts";

const usualPaths = ["/usr/local/bin/ec2nic", "/usr/bin/ec2nic"];

/**
 * The path by which units and hooks below `root` start this program. For an image: where this one
 * lies in it, else where one lies already (one for another processor cannot be run here), else as
 * here. Throws `USAGE` for a place that is none for a program, with the command that mends it.
 */
export async function resolveProgram(
  host: Pick<TargetHost, "files" | "program" | "target">,
): Promise<string> {
  const { root, isThisMachine } = host.target;
  const program = isThisMachine ? host.program : await findProgramInImage(host);
  const reason = unsuitableReason(program);
  if (reason === null) {
    // of this machine alone: who makes an image may make it as anybody
    if (isThisMachine) await refuseUntrustedPath(host, program);
    return program;
  }
  const [installPath = ""] = usualPaths;
  const target = isThisMachine ? installPath : quoteShellWord(pathBelow(root, installPath));
  const rerunCommand = isThisMachine
    ? `${target} hotplug --install`
    : `run this again with --root ${quoteShellWord(root)}`;
  const hint = `install -D -m 0755 ${quoteShellWord(program)} ${target}, then ${rerunCommand}`;
  throw new Failure("USAGE", `${program}: ${reason}`, { hint });
}

async function refuseUntrustedPath(host: Pick<Host, "files">, program: string): Promise<void> {
  const untrustedPath = await findUntrustedPath(host, program);
  if (untrustedPath === null) return;
  const reason = `others than root may write ${untrustedPath}, and units start it as root`;
  const quotedPath = quoteShellWord(untrustedPath);
  const fixCommand = `chown -h root: ${quotedPath} && chmod o-w ${quotedPath}`;
  const hint = `${fixCommand}, then ${quoteShellWord(program)} hotplug --install`;
  throw new Failure("USAGE", `${program}: ${reason}`, { hint });
}

async function findProgramInImage({
  files,
  program,
  target,
}: Pick<TargetHost, "files" | "program" | "target">): Promise<string> {
  const { root } = target;
  const directory = (await files.readLink("/proc/self/cwd")) ?? "/";
  const pathInImage = pathBelowRoot(root.startsWith("/") ? root : `${directory}/${root}`, program);
  if (pathInImage !== null) return pathInImage;
  const stats = await Promise.all(usualPaths.map((path) => target.files.stat(path)));
  return usualPaths.find((_, at) => (stats[at] ?? null) !== null) ?? program;
}

/** These are emptied, at a boot at the latest. */
const volatileDirectories = ["/tmp", "/var/tmp", "/run", "/dev", "/proc", "/sys"];

/** ProtectHome= hides these from our units, and a person's folder is no place for root's programs. */
const homeDirectories = ["/home", "/root"];

/**
 * Why a program at this path cannot be what units, rules and hooks start; null: it can. Neither
 * systemd nor a hook's shell would take a path with blanks or signs as one.
 */
export function unsuitableReason(program: string): string | null {
  const isBelow = (directory: string): boolean => program.startsWith(`${directory}/`);
  if (!isPlainPath(program)) return "units and hooks need a path without blanks and signs";
  if (volatileDirectories.some(isBelow)) return "what lies there does not last";
  return homeDirectories.some(isBelow) ? "units do not see what lies there" : null;
}

/**
 * The program as a machine below `root` will have it; null: it lies elsewhere. Both are absolute;
 * `root` may have `.` and `..` in it, as people write it.
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
 * What of a program's path somebody else than root could change, the program or a folder above it:
 * what root's units start from there would be theirs. null: nothing. A group that may write is the
 * admin's word (Debian's `staff` in /usr/local).
 */
export async function findUntrustedPath(
  { files }: Pick<Host, "files">,
  program: string,
): Promise<string | null> {
  const paths = [...parentDirectories(program), program];
  const stats = await Promise.all(paths.map((path) => files.stat(path)));
  return paths.find((_, at) => isUntrusted(stats[at] ?? null)) ?? null;
}

/** In a folder with the sticky bit, as /tmp is, nobody takes away what is root's. */
function isUntrusted(stat: FileStat | null): boolean {
  if (stat === null) return false;
  const isSticky = stat.kind === "directory" && (stat.mode & 0o1000) !== 0;
  const isWritableByAll = stat.kind !== "link" && (stat.mode & 0o002) !== 0;
  return stat.uid !== 0 || (isWritableByAll && !isSticky);
}
