import { closeSync, openSync } from "node:fs";
import { Failure } from "../exit.ts";
import type { Release } from "./host.ts";
import { openLibc } from "./sockets/libc.ts";

/** flock(2): exclusive, without waiting. */
const exclusiveNonBlocking = 2 | 4;

/**
 * Takes the lock on a file, which is made if need be; null: somebody else has it. The kernel gives
 * it back when the process ends, however it ends.
 */
export function takeLock(path: string): Release | null {
  const libc = openLibc();
  const descriptor = openLockFile(path);
  if (libc.flock(descriptor, exclusiveNonBlocking) !== 0) {
    closeSync(descriptor);
    return null;
  }
  return () => closeSync(descriptor);
}

function openLockFile(path: string): number {
  try {
    return openSync(path, "a", 0o600);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : "";
    const kind = code === "EACCES" || code === "EPERM" ? "NOPERM" : "CANTCREAT";
    throw new Failure(kind, `${path}: the lock could not be made (${String(code)})`, {
      cause,
      hint: "run it as root",
    });
  }
}
