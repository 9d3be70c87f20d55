import { dlopen } from "bun:ffi";

/**
 * The C library that is loaded already, with the few functions that neither node nor Bun has. Only
 * "libc.so.6" is ever named: it is glibc's, and musl answers to it; Bun would look for a name that
 * the loader does not know in the working directory. Throws where foreign functions are forbidden
 * (`MemoryDenyWriteExecute=`, SELinux execmem).
 */
export function openLibc() {
  return dlopen("libc.so.6", {
    flock: { args: ["i32", "i32"], returns: "i32" },
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
    getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
    bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
    connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
    poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
    getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
    getpeername: { args: ["i32", "ptr", "ptr"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
    __errno_location: { args: [], returns: "ptr" },
  }).symbols;
}

/** socket(2), fcntl.h: the same numbers on x86-64 and arm64. */
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

export type Libc = ReturnType<typeof openLibc>;
