import { closeSync, openSync } from "node:fs";
import { Failure } from "../exit.ts";
import { errorCode, isPermissionError } from "./errors.ts";
import type { Release } from "./host.ts";
import { openLibc } from "./sockets/libc.ts";

/** flock(2): LOCK_EX | LOCK_NB, exclusive, without waiting. */
const exclusiveNonBlocking = 2 | 4;

/**
 * Takes the lock on a file, which is created if missing; null if another process holds the lock.
 * The kernel releases it when this process ends. Throws `NOPERM` or `CANTCREAT`.
 */
export function takeLock(path: string): Release | null {
  const libc = openLibc();
  const descriptor = openLockFile(path);
  const release = (): void => closeSync(descriptor);
  if (libc.flock(descriptor, exclusiveNonBlocking) === 0) return release;
  release();
  return null;
}

function openLockFile(path: string): number {
  try {
    return openSync(path, "a", 0o600);
  } catch (cause) {
    const kind = isPermissionError(cause) ? "NOPERM" : "CANTCREAT";
    const message = `${path}: the lock file could not be opened (${errorCode(cause)})`;
    throw new Failure(kind, message, { cause, hint: "run ec2nic as root" });
  }
}
