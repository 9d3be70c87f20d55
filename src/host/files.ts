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
import { isTemporary } from "../model/managed-paths.ts";
import type { Files } from "./host.ts";

/** The file system of the machine. */
export const systemFiles: Files = {
  read: (path, how) => reading(path, how?.mayBePipe === true ? readFile(path) : readPlain(path)),
  list: async (path) => ((await reading(path, readdir(path))) ?? []).toSorted(),
  readLink: (path) => reading(path, readlink(path)),
  stat: async (path) => {
    const found = await reading(path, lstat(path));
    if (found === null) return null;
    return { kind: kindOf(found), mode: found.mode & 0o7777, uid: found.uid, node: found.ino };
  },
  makeFolder: async (path, mode) => {
    await mkdir(path, { recursive: true, mode }).catch((cause: unknown) => {
      throw writeFailure(path, cause);
    });
  },
  write: writeWhole,
  sweep: async (folder, agedMs) => {
    const names = await readdir(folder).catch(() => []);
    const left = names.filter(isTemporary).map((name) => unlinkAged(`${folder}/${name}`, agedMs));
    await Promise.allSettled(left);
  },
  set: async (path, content) => {
    await unlessAbsent(writeFile(path, content, { flag: "r+" })).catch((cause: unknown) => {
      throw writeFailure(path, cause);
    });
  },
  remove: async (path) => {
    await unlessAbsent(unlink(path)).catch((cause: unknown) => {
      throw writeFailure(path, cause);
    });
    await syncFolder(folderOf(path)).catch(() => undefined);
  },
  link: linkWhole,
  linkHard: async (path, existing) => {
    await unlessAbsent(link(existing, path)).catch((cause: unknown) => {
      throw writeFailure(path, cause);
    });
  },
  move: async (from, to) => {
    await unlessAbsent(rename(from, to)).catch((cause: unknown) => {
      throw writeFailure(to, cause);
    });
  },
  removeFolder: async (path) => {
    await rmdir(path).catch((cause: unknown) => {
      if (["ENOENT", "ENOTDIR", "ENOTEMPTY", "EEXIST"].includes(codeOf(cause) ?? "")) return;
      throw writeFailure(path, cause);
    });
  },
};

/** No file that is read here is nearly as large; memory is what more would cost. */
const capBytes = 67_108_864;
/** Linux, Documentation/admin-guide/devices.txt: 1:3, by which a file is masked. */
const deviceOfNull = 0x103;

/**
 * An image may have a pipe in the place of a file, or a link to a device, and its reader would wait,
 * or read, for ever. O_NONBLOCK: to open a pipe waits for its writer, too.
 */
async function readPlain(path: string): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (found.isCharacterDevice() && found.rdev === deviceOfNull) return new Uint8Array();
    if (found.isDirectory()) throw new Error(reasons["EISDIR"]);
    if (!found.isFile()) throw new Error("it is no plain file");
    if (found.size > capBytes) throw new Error(`it is larger than ${capBytes} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** symlink(2) replaces nothing: made under a name of its own and renamed, as files are. */
async function linkWhole(path: string, target: string): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await symlink(target, temporary);
    await rename(temporary, path);
    await syncFolder(folderOf(path)).catch(() => undefined);
  } catch (cause) {
    await unlink(temporary).catch(() => undefined);
    throw writeFailure(path, cause);
  }
}

/**
 * The temporary file lies in the same folder, so that rename(2) is atomic; the folder is synced
 * too, or the new name may be lost with the power (fsync(2), Notes).
 */
async function writeWhole(path: string, content: string | Uint8Array, mode: number) {
  const folder = folderOf(path);
  const temporary = temporaryBeside(path);
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
    await syncFolder(folder).catch(() => undefined);
  } catch (cause) {
    await unlink(temporary).catch(() => undefined);
    throw writeFailure(path, cause);
  }
}

async function unlinkAged(path: string, agedMs: number): Promise<void> {
  const { mtimeMs } = await lstat(path);
  const nowMs = performance.timeOrigin + performance.now();
  if (nowMs - mtimeMs >= agedMs) await unlink(path);
}

/** Not node:crypto's randomBytes: to load that takes as long as an empty program runs. */
function temporaryBeside(path: string): string {
  const chance = crypto.getRandomValues(new Uint8Array(6)).toHex();
  return `${folderOf(path)}/.ec2nic-${chance}.tmp`;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  await folder.sync().finally(() => folder.close());
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  if (slash < 0) return ".";
  return slash === 0 ? "/" : path.slice(0, slash);
}

/** ENOTDIR: a part of the path is a file. EINVAL: readlink of something that is no link. */
async function unlessAbsent<T>(work: Promise<T>): Promise<T | null> {
  return work.catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR", "EINVAL"].includes(codeOf(error) ?? "")) return null;
    throw error;
  });
}

/** null where it is not there. Throws `NOPERM`, or `OSERR` for what cannot be read. */
async function reading<T>(path: string, work: Promise<T>): Promise<T | null> {
  return unlessAbsent(work).catch((cause: unknown) => {
    const code = codeOf(cause) ?? "";
    if (code === "EACCES" || code === "EPERM") {
      throw new Failure("NOPERM", `${path}: not allowed to read`, {
        cause,
        hint: "run it as root",
      });
    }
    const reason = reasons[code] ?? (cause instanceof Error ? cause.message : String(cause));
    throw new Failure("OSERR", `${path}: could not be read: ${reason}`, { cause });
  });
}

function kindOf(found: Awaited<ReturnType<typeof lstat>>): "file" | "folder" | "link" | "other" {
  if (found.isFile()) return "file";
  if (found.isDirectory()) return "folder";
  return found.isSymbolicLink() ? "link" : "other";
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the device",
  EDQUOT: "the quota is used up",
  EROFS: "the file system is read-only",
  ENOENT: "there is no such folder",
  ENOTDIR: "a part of the path is not a folder",
  EISDIR: "it is a folder",
};

function writeFailure(path: string, cause: unknown): Failure {
  const code = codeOf(cause) ?? "";
  if (code === "EACCES" || code === "EPERM") {
    const hint = "run it as root, or write where you may";
    return new Failure("NOPERM", `${path}: not allowed to write`, { cause, hint });
  }
  const reason = reasons[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new Failure("CANTCREAT", `${path}: could not be written: ${reason}`, { cause });
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
