import { Failure } from "../exit.ts";
import { parentDirectories } from "../model/managed-paths.ts";
import type { Files, Host } from "./host.ts";

/** The machine or image that a run configures: what `--root` names. */
export interface Target {
  /** Its files, by their paths on the target. */
  readonly files: Files;
  /** It is the running machine, not an image. */
  readonly isThisMachine: boolean;
  /** `--root` as it was given, for messages. */
  readonly root: string;
}

/** The effects of the running machine, and the target with its own files. */
export type TargetHost = Host & { readonly target: Target };

/** Opens the target of a run, once. */
export function withTarget(host: Host, root: string): TargetHost {
  return { ...host, target: openTarget(host, root) };
}

/** `root`: `/` (or the empty text) for the running machine; else the directory of an image. */
export function openTarget({ files }: Pick<Host, "files">, root: string): Target {
  const isThisMachine = isRunningMachine(root);
  return { root, isThisMachine, files: isThisMachine ? files : filesBelow(files, root) };
}

/** Whether `--root` is the running machine: `/` in any spelling, or the empty text. */
export function isRunningMachine(root: string): boolean {
  return root.replace(/\/+$/, "") === "";
}

/**
 * The path on the running machine of a path on the target. Throws `USAGE` for a path with `..`,
 * which could lead out of the root.
 */
export function pathBelow(root: string, path: string): string {
  if (!path.startsWith("/") || path.split("/").includes("..")) {
    throw new Failure("USAGE", `${path}: not an absolute path of the machine`);
  }
  return `${root.replace(/\/+$/, "")}${path}`;
}

/**
 * The files of an image. Changes below a symbolic link to a directory are refused (`CANTCREAT`): in
 * an image, `etc/netplan` may point to `/etc/netplan` of the running machine.
 */
function filesBelow(files: Files, root: string): Files {
  const below = (path: string): string => pathBelow(root, path);
  const forChange = async (path: string): Promise<string> => {
    await refuseSymlinks(files, root, path);
    return below(path);
  };
  const inDirectory = async (directory: string): Promise<string> => {
    await refuseSymlinks(files, root, `${directory}/.`);
    return below(directory);
  };
  return {
    read: (path, options) => files.read(below(path), options),
    list: (path) => files.list(below(path)),
    readLink: (path) => files.readLink(below(path)),
    stat: (path) => files.stat(below(path)),
    mkdir: async (path, mode) => files.mkdir(await inDirectory(path), mode),
    write: async (path, content, mode) => files.write(await forChange(path), content, mode),
    removeTemporary: async (directory, minAgeMs) =>
      files.removeTemporary(await inDirectory(directory), minAgeMs),
    writeInPlace: async (path, content) => files.writeInPlace(await forChange(path), content),
    remove: async (path) => files.remove(await forChange(path)),
    symlink: async (path, target) => files.symlink(await forChange(path), target),
    hardLink: async (path, existing) => files.hardLink(await forChange(path), below(existing)),
    move: async (from, to) => files.move(await forChange(from), await forChange(to)),
    rmdir: async (path) => files.rmdir(await forChange(path)),
  };
}

async function refuseSymlinks(files: Files, root: string, path: string): Promise<void> {
  const directories = parentDirectories(path).map((directory) => pathBelow(root, directory));
  const stats = await Promise.all(directories.map((directory) => files.stat(directory)));
  const link = directories.find((_, index) => stats[index]?.kind === "link");
  if (link === undefined) return;
  const hint = "it could lead out of --root: replace it with a directory";
  throw new Failure("CANTCREAT", `${link} is a symbolic link`, { hint });
}
