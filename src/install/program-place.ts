import { isPlainPath } from "../model/program-path.ts";

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
