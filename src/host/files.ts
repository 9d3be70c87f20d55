import * as fs from "node:fs/promises";
import { errorMessage, Failure } from "../exit.ts";
import { temporaryNames } from "../model/managed-paths.ts";
import { directoryOf } from "../model/text.ts";
import { errorCode, isPermissionError } from "./errors.ts";
import type { Files, FileStat } from "./host.ts";

/** The machine's file system. */
export const systemFiles: Files = {
  read: (path, options) =>
    readOrNull(path, options?.mayBePipe === true ? fs.readFile(path) : readRegularFile(path)),
  list: async (path) => ((await readOrNull(path, fs.readdir(path))) ?? []).toSorted(),
  readLink: (path) => readOrNull(path, fs.readlink(path)),
  stat: async (path) => {
    const found = await readOrNull(path, fs.lstat(path));
    if (found === null) return null;
    return { kind: fileKind(found), mode: found.mode & 0o7777, uid: found.uid, inode: found.ino };
  },
  mkdir: (path, mode) => asChange(path, fs.mkdir(path, { recursive: true, mode })),
  write: writeAtomically,
  removeTemporary: async (directory, minAgeMs) => {
    const names = await fs.readdir(directory).catch(() => []);
    const removals = names
      .filter((name) => temporaryNames.test(name))
      .map((name) => unlinkIfOlder(`${directory}/${name}`, minAgeMs));
    await Promise.allSettled(removals);
  },
  writeInPlace: (path, content) =>
    asChange(path, nullIfAbsent(fs.writeFile(path, content, { flag: "r+" }))),
  remove: async (path) => {
    await asChange(path, nullIfAbsent(fs.unlink(path)));
    await syncDirectory(path);
  },
  symlink: (path, target) => replaceAtomically(path, (temporary) => fs.symlink(target, temporary)),
  hardLink: (path, existing) => asChange(path, nullIfAbsent(fs.link(existing, path))),
  move: (from, to) => asChange(to, nullIfAbsent(fs.rename(from, to))),
  rmdir: (path) =>
    asChange(path, nullIfCode(fs.rmdir(path), ["ENOENT", "ENOTDIR", "ENOTEMPTY", "EEXIST"])),
};

/** The device number of /dev/null (major 1, minor 3), from Linux's admin-guide/devices.txt. */
export const nullDevice = 0x103;

/** The limit for one file. Every file that ec2nic needs is much smaller. */
const maxBytes = 67_108_864;

/**
 * The content of a regular file. /dev/null counts as an empty file, because a link to it masks a
 * file. Other kinds of files are refused, because reading a pipe or a device might never end.
 * O_NONBLOCK is set, because opening a pipe would wait for its writer.
 */
async function readRegularFile(path: string): Promise<Uint8Array> {
  const file = await fs.open(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (found.isCharacterDevice() && found.rdev === nullDevice) return new Uint8Array();
    if (found.isDirectory()) throw new Error(errorReasons["EISDIR"]);
    if (!found.isFile()) throw new Error("it is not a regular file");
    if (found.size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function writeAtomically(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  return replaceAtomically(path, async (temporary) => {
    const file = await fs.open(temporary, "wx", mode);
    try {
      await file.writeFile(content);
      await file.chmod(mode); // because open(2) subtracts the umask
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

/**
 * Replaces what is at `path` with what `create` makes at a temporary path. The temporary path is in
 * the same directory, so that rename(2) is atomic.
 */
async function replaceAtomically(
  path: string,
  create: (temporary: string) => Promise<void>,
): Promise<void> {
  // not node:crypto's randomBytes: loading node:crypto takes as long as an empty program runs
  const random = crypto.getRandomValues(new Uint8Array(6)).toHex();
  const temporary = `${directoryOf(path)}/.ec2nic-${random}.tmp`;
  try {
    await create(temporary);
    await fs.rename(temporary, path);
    await syncDirectory(path);
  } catch (cause) {
    await fs.unlink(temporary).catch(() => undefined);
    throw writeFailure(path, cause);
  }
}

/**
 * The age is by the wall clock, because the file's time is: a monotonic clock that started with the
 * process falls behind when the wall clock is adjusted. With 0, the age does not matter.
 */
async function unlinkIfOlder(path: string, minAgeMs: number): Promise<void> {
  const { mtimeMs } = await fs.lstat(path);
  if (minAgeMs === 0 || Date.now() - mtimeMs >= minAgeMs) await fs.unlink(path);
}

/**
 * Syncs the directory of a changed path, because otherwise a power failure may undo the change
 * (fsync(2), Notes). A directory that cannot be read is not synced; this is no error.
 */
async function syncDirectory(path: string): Promise<void> {
  const directory = await fs.open(directoryOf(path), "r").catch(() => null);
  await directory?.sync().catch(() => undefined);
  await directory?.close();
}

/**
 * null if nothing is at the path, if a part of the path is a file (ENOTDIR), or if the path is not
 * a symbolic link (EINVAL).
 */
function nullIfAbsent<T>(work: Promise<T>): Promise<T | null> {
  return nullIfCode(work, ["ENOENT", "ENOTDIR", "EINVAL"]);
}

async function nullIfCode<T>(work: Promise<T>, codes: readonly string[]): Promise<T | null> {
  return work.catch((error: unknown) => {
    if (codes.includes(errorCode(error))) return null;
    throw error;
  });
}

/** null if `path` does not exist. Throws `NOPERM` if permission is missing, else `OSERR`. */
async function readOrNull<T>(path: string, work: Promise<T>): Promise<T | null> {
  return nullIfAbsent(work).catch((cause: unknown) => {
    const message = `${path}: could not be read: ${describeCause(cause)}`;
    if (!isPermissionError(cause)) throw new Failure("OSERR", message, { cause });
    throw new Failure("NOPERM", message, { cause, hint: "run ec2nic as root" });
  });
}

/** Waits for a change of `path`. Throws `NOPERM` if permission is missing, else `CANTCREAT`. */
async function asChange(path: string, work: Promise<unknown>): Promise<void> {
  await work.catch((cause: unknown) => {
    throw writeFailure(path, cause);
  });
}

function writeFailure(path: string, cause: unknown): Failure {
  const message = `${path}: could not be written: ${describeCause(cause)}`;
  if (!isPermissionError(cause)) return new Failure("CANTCREAT", message, { cause });
  const hint = "run ec2nic as root, or choose a directory where you have write permission";
  return new Failure("NOPERM", message, { cause, hint });
}

const errorReasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system is read-only",
  ENOENT: "there is no such directory",
  ENOTDIR: "a part of the path is not a directory",
  EISDIR: "it is a directory",
};

function describeCause(cause: unknown): string {
  return errorReasons[errorCode(cause)] ?? errorMessage(cause);
}

function fileKind(found: Awaited<ReturnType<typeof fs.lstat>>): FileStat["kind"] {
  if (found.isFile()) return "file";
  if (found.isDirectory()) return "directory";
  return found.isSymbolicLink() ? "link" : "other";
}
