import {
  constants,
  link,
  lstat,
  mkdir,
  open,
  readFile,
  readdir,
  readlink,
  rename,
  rmdir,
  symlink,
  unlink,
  writeFile,
} from "node:fs/promises";
import { Failure } from "../exit.ts";
import { isTemporaryName } from "../model/managed-paths.ts";
import type { Files } from "./host.ts";

/** The file system of the machine. */
export const systemFiles: Files = {
  read: (path, options) =>
    readOrNull(path, options?.mayBePipe === true ? readFile(path) : readRegularFile(path)),
  list: async (path) => ((await readOrNull(path, readdir(path))) ?? []).toSorted(),
  readLink: (path) => readOrNull(path, readlink(path)),
  stat: async (path) => {
    const found = await readOrNull(path, lstat(path));
    if (found === null) return null;
    return { kind: fileKind(found), mode: found.mode & 0o7777, uid: found.uid, inode: found.ino };
  },
  mkdir: async (path, mode) => {
    await mkdir(path, { recursive: true, mode }).catch((cause: unknown) => {
      throw writeFailure(path, cause);
    });
  },
  write: writeAtomically,
  removeTemporary: async (directory, minAgeMs) => {
    const names = await readdir(directory).catch(() => []);
    const removals = names
      .filter(isTemporaryName)
      .map((name) => unlinkIfOlder(`${directory}/${name}`, minAgeMs));
    await Promise.allSettled(removals);
  },
  writeInPlace: async (path, content) => {
    await nullIfAbsent(writeFile(path, content, { flag: "r+" })).catch((cause: unknown) => {
      throw writeFailure(path, cause);
    });
  },
  remove: async (path) => {
    await nullIfAbsent(unlink(path)).catch((cause: unknown) => {
      throw writeFailure(path, cause);
    });
    await syncDirectory(parentDirectory(path)).catch(() => undefined);
  },
  symlink: replaceSymlink,
  hardLink: async (path, existing) => {
    await nullIfAbsent(link(existing, path)).catch((cause: unknown) => {
      throw writeFailure(path, cause);
    });
  },
  move: async (from, to) => {
    await nullIfAbsent(rename(from, to)).catch((cause: unknown) => {
      throw writeFailure(to, cause);
    });
  },
  rmdir: async (path) => {
    await rmdir(path).catch((cause: unknown) => {
      if (["ENOENT", "ENOTDIR", "ENOTEMPTY", "EEXIST"].includes(errorCode(cause) ?? "")) return;
      throw writeFailure(path, cause);
    });
  },
};

/** No file that is read here is nearly as large; memory is what more would cost. */
const maxBytes = 67_108_864;
/** Linux, Documentation/admin-guide/devices.txt: 1:3, by which a file is masked. */
const nullDevice = 0x103;

/**
 * An image may have a pipe in the place of a file, or a link to a device, and its reader would wait,
 * or read, for ever. O_NONBLOCK: to open a pipe waits for its writer, too.
 */
async function readRegularFile(path: string): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (found.isCharacterDevice() && found.rdev === nullDevice) return new Uint8Array();
    if (found.isDirectory()) throw new Error(errorReasons["EISDIR"]);
    if (!found.isFile()) throw new Error("it is no plain file");
    if (found.size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** symlink(2) replaces nothing: made under a name of its own and renamed, as files are. */
async function replaceSymlink(path: string, target: string): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    await symlink(target, temporary);
    await rename(temporary, path);
    await syncDirectory(parentDirectory(path)).catch(() => undefined);
  } catch (cause) {
    await unlink(temporary).catch(() => undefined);
    throw writeFailure(path, cause);
  }
}

/**
 * The temporary file lies in the same folder, so that rename(2) is atomic; the folder is synced
 * too, or the new name may be lost with the power (fsync(2), Notes).
 */
async function writeAtomically(path: string, content: string | Uint8Array, mode: number) {
  const directory = parentDirectory(path);
  const temporary = temporaryPath(path);
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(content);
      await file.chmod(mode); // open(2) takes the umask off
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    // what may be written in may still not be opened for reading: the file itself is safe by now
    await syncDirectory(directory).catch(() => undefined);
  } catch (cause) {
    await unlink(temporary).catch(() => undefined);
    throw writeFailure(path, cause);
  }
}

async function unlinkIfOlder(path: string, minAgeMs: number): Promise<void> {
  const { mtimeMs } = await lstat(path);
  const nowMs = performance.timeOrigin + performance.now();
  if (nowMs - mtimeMs >= minAgeMs) await unlink(path);
}

/** Not node:crypto's randomBytes: to load that takes as long as an empty program runs. */
function temporaryPath(path: string): string {
  const random = crypto.getRandomValues(new Uint8Array(6)).toHex();
  return `${parentDirectory(path)}/.ec2nic-${random}.tmp`;
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  await directory.sync().finally(() => directory.close());
}

function parentDirectory(path: string): string {
  const slash = path.lastIndexOf("/");
  if (slash < 0) return ".";
  return slash === 0 ? "/" : path.slice(0, slash);
}

/** ENOTDIR: a part of the path is a file. EINVAL: readlink of something that is no link. */
async function nullIfAbsent<T>(work: Promise<T>): Promise<T | null> {
  return work.catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR", "EINVAL"].includes(errorCode(error) ?? "")) return null;
    throw error;
  });
}

/** null where it is not there. Throws `NOPERM`, or `OSERR` for what cannot be read. */
async function readOrNull<T>(path: string, work: Promise<T>): Promise<T | null> {
  return nullIfAbsent(work).catch((cause: unknown) => {
    const code = errorCode(cause) ?? "";
    if (code === "EACCES" || code === "EPERM") {
      throw new Failure("NOPERM", `${path}: not allowed to read`, {
        cause,
        hint: "run it as root",
      });
    }
    const reason = errorReasons[code] ?? (cause instanceof Error ? cause.message : String(cause));
    throw new Failure("OSERR", `${path}: could not be read: ${reason}`, { cause });
  });
}

function fileKind(
  found: Awaited<ReturnType<typeof lstat>>,
): "file" | "directory" | "link" | "other" {
  if (found.isFile()) return "file";
  if (found.isDirectory()) return "directory";
  return found.isSymbolicLink() ? "link" : "other";
}

const errorReasons: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the device",
  EDQUOT: "the quota is used up",
  EROFS: "the file system is read-only",
  ENOENT: "there is no such folder",
  ENOTDIR: "a part of the path is not a folder",
  EISDIR: "it is a folder",
};

function writeFailure(path: string, cause: unknown): Failure {
  const code = errorCode(cause) ?? "";
  if (code === "EACCES" || code === "EPERM") {
    const hint = "run it as root, or write where you may";
    return new Failure("NOPERM", `${path}: not allowed to write`, { cause, hint });
  }
  const reason = errorReasons[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new Failure("CANTCREAT", `${path}: could not be written: ${reason}`, { cause });
}

function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
