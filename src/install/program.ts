import { isThisMachine, underRoot } from "../host/target-root.ts";
import { Failure } from "../exit.ts";
import type { FileStat, Host } from "../host/host.ts";
import { shellWord } from "../model/text.ts";
import { foldersAbove, isPlainPath } from "../model/managed-paths.ts";

const usual = ["/usr/local/bin/ec2nic", "/usr/bin/ec2nic"];

/**
 * The path by which units and hooks below `root` start this program. For an image: where this one
 * lies in it, else where one lies already (one for another processor cannot be run here), else as
 * here. Throws `USAGE` for a place that is none for a program, with the command that mends it.
 */
export async function programFor(
  host: Pick<Host, "files" | "program">,
  root: string,
): Promise<string> {
  const program = isThisMachine(root) ? host.program : await programInImage(host, root);
  const why = whyNoPlace(program);
  if (why === null) {
    // of this machine alone: who makes an image may make it as anybody
    if (isThisMachine(root)) await refuseLoose(host, program);
    return program;
  }
  const [place = ""] = usual;
  const target = isThisMachine(root) ? place : shellWord(underRoot(root, place));
  const again = isThisMachine(root)
    ? `${target} hotplug --install`
    : `run this again with --root ${shellWord(root)}`;
  const hint = `install -D -m 0755 ${shellWord(program)} ${target}, then ${again}`;
  throw new Failure("USAGE", `${program}: ${why}`, { hint });
}

async function refuseLoose(host: Pick<Host, "files">, program: string): Promise<void> {
  const loose = await whoElseWrites(host, program);
  if (loose === null) return;
  const why = `others than root may write ${loose}, and units start it as root`;
  const word = shellWord(loose);
  const mend = `chown -h root: ${word} && chmod o-w ${word}`;
  const hint = `${mend}, then ${shellWord(program)} hotplug --install`;
  throw new Failure("USAGE", `${program}: ${why}`, { hint });
}

async function programInImage(
  { files, program }: Pick<Host, "files" | "program">,
  root: string,
): Promise<string> {
  const folder = (await files.readLink("/proc/self/cwd")) ?? "/";
  const below = programBelow(root.startsWith("/") ? root : `${folder}/${root}`, program);
  if (below !== null) return below;
  const stats = await Promise.all(usual.map((path) => files.stat(underRoot(root, path))));
  return usual.find((_, at) => (stats[at] ?? null) !== null) ?? program;
}

/** These are emptied, at a boot at the latest. */
const passing = ["/tmp", "/var/tmp", "/run", "/dev", "/proc", "/sys"];

/** ProtectHome= hides these from our units, and a person's folder is no place for root's programs. */
const homes = ["/home", "/root"];

/**
 * Why a program at this path cannot be what units, rules and hooks start; null: it can. Neither
 * systemd nor a hook's shell would take a path with blanks or signs as one.
 */
export function whyNoPlace(program: string): string | null {
  const isBelow = (folder: string): boolean => program.startsWith(`${folder}/`);
  if (!isPlainPath(program)) return "units and hooks need a path without blanks and signs";
  if (passing.some(isBelow)) return "what lies there does not last";
  return homes.some(isBelow) ? "units do not see what lies there" : null;
}

/**
 * The program as a machine below `root` will have it; null: it lies elsewhere. Both are absolute;
 * `root` may have `.` and `..` in it, as people write it.
 */
export function programBelow(root: string, program: string): string | null {
  const parts = root.split("/").reduce<readonly string[]>((done, part) => {
    if (part === "" || part === ".") return done;
    return part === ".." ? done.slice(0, -1) : [...done, part];
  }, []);
  const folder = parts.map((part) => `/${part}`).join("");
  return program.startsWith(`${folder}/`) ? program.slice(folder.length) : null;
}

/**
 * What of a program's path somebody else than root could change, the program or a folder above it:
 * what root's units start from there would be theirs. null: nothing. A group that may write is the
 * admin's word (Debian's `staff` in /usr/local).
 */
export async function whoElseWrites(
  { files }: Pick<Host, "files">,
  program: string,
): Promise<string | null> {
  const paths = [...foldersAbove(program), program];
  const stats = await Promise.all(paths.map((path) => files.stat(path)));
  return paths.find((_, at) => isLoose(stats[at] ?? null)) ?? null;
}

/** In a folder with the sticky bit, as /tmp is, nobody takes away what is root's. */
function isLoose(stat: FileStat | null): boolean {
  if (stat === null) return false;
  const isSticky = stat.kind === "folder" && (stat.mode & 0o1000) !== 0;
  const isForAll = stat.kind !== "link" && (stat.mode & 0o002) !== 0;
  return stat.uid !== 0 || (isForAll && !isSticky);
}
