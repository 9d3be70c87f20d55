import { read } from "bun:ffi";
import { getSystemErrorMap } from "node:util";
import type { Libc } from "./libc.ts";

/** What the call before this one failed with: errno(3). */
export function errnoOf(libc: Libc): number {
  const location = libc.__errno_location();
  return location === null ? 0 : read.i32(location);
}

/** Its name (`ENETUNREACH`), of those that node knows: not of EINPROGRESS, for one. */
export function nameOfErrno(number: number): string {
  return getSystemErrorMap().get(-number)?.[0] ?? `errno ${number}`;
}
