import { read } from "bun:ffi";
import { getSystemErrorMap } from "node:util";
import type { Libc } from "./libc.ts";

/** The name (`ENETUNREACH`) of what the call before this one failed with. */
export function errnoOf(libc: Libc): string {
  const location = libc.__errno_location();
  return nameOfErrno(location === null ? 0 : read.i32(location));
}

/** errno(3), as node names it. */
export function nameOfErrno(number: number): string {
  return getSystemErrorMap().get(-number)?.[0] ?? `errno ${number}`;
}
