import { Failure } from "../exit.ts";
import { parentDirectories } from "../model/managed-paths.ts";
import type { Files, Host } from "./host.ts";

/** The machine or image that a run configures, which `--root` names. */
export interface Target {
  /** The files of the target, by their paths on the target. */
  readonly files: Files;
  /** The target is the running machine, not an image. */
  readonly isThisMachine: boolean;
  /** `--root` as it was given, for messages. */
  readonly root: string;
}

/** The effects of the running machine, and the target with its own files. */
export type TargetHost = Host & { readonly target: Target };

/** Adds the target of a run to the effects; called once in a run. */
export function withTarget(host: Host, root: string): TargetHost {
  return { ...host, target: openTarget(host, root) };
}

/** `root` is `/` or empty for the running machine, or the directory of an image. */
export function openTarget({ files }: Pick<Host, "files">, root: string): Target {
  const isThisMachine = isRunningMachine(root);
  return { root, isThisMachine, files: isThisMachine ? files : filesBelow(files, root) };
}

/** Whether `--root` names the running machine: `/` in any spelling, or the empty text. */
export function isRunningMachine(root: string): boolean {
  return root.replace(/\/+$/, "") === "";
}

/**
 * Turns a path on the target into the path on the running machine. Throws `USAGE` for a relative
 * path, and for a path with `..`, which could lead out of the root.
 */
export function pathBelow(root: string, path: string): string {
  if (!path.startsWith("/") || path.split("/").includes("..")) {
    throw new Failure("USAGE", `${path}: the path must be absolute and must not contain ".."`);
  }
  return `${root.replace(/\/+$/, "")}${path}`;
}

/**
 * The files of an image. Changes below a symbolic link to a directory are refused (`CANTCREAT`),
 * because in an image `etc/netplan` may point to `/etc/netplan` of the running machine.
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
  const message = `${link} is a symbolic link, so nothing below it is changed`;
  const hint = "replace the link with a directory, because it could lead out of --root";
  throw new Failure("CANTCREAT", message, { hint });
}
