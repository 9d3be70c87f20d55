import { dlopen, ptr, read } from "bun:ffi";
import { getSystemErrorMap } from "node:util";

/**
 * Opens the C library, for the few functions that neither Node.js nor Bun has. "libc.so.6" is
 * glibc's name, and musl accepts it. Bun would look in the working directory for a name that the
 * loader does not know. Throws if foreign functions are forbidden (`MemoryDenyWriteExecute=`,
 * SELinux).
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

export type Libc = ReturnType<typeof openLibc>;

/** socket(2), fcntl.h: the same numbers on x86-64 and arm64. */
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const AF_INET = 2;
const AF_INET6 = 10;

/** The size of a `struct sockaddr_in6`, which is larger than `sockaddr_in`. */
const maxAddressBytes = 28;

/** errno(3) of the last call. */
export function readErrno(libc: Libc): number {
  const location = libc.__errno_location();
  return location === null ? 0 : read.i32(location);
}

/** The name of an errno (`ENETUNREACH`); its number if Node.js has no name for it (EINPROGRESS). */
export function errnoName(number: number): string {
  return getSystemErrorMap().get(-number)?.[0] ?? `errno ${number}`;
}

/** A `struct sockaddr_in` or `sockaddr_in6` (ip(7), ipv6(7)), and its family. */
interface SocketAddress {
  readonly family: number;
  readonly bytes: Uint8Array;
}

/** `address` is IPv4, or IPv6 without brackets and zone. Throws `RangeError` for other text. */
export function buildSocketAddress(address: string, port: number, scopeId = 0): SocketAddress {
  const isIpv6 = address.includes(":");
  if (!isIpv6 && !/^\d+(\.\d+){3}$/.test(address)) throw new RangeError(`${address} is no address`);
  const bytes = new Uint8Array(isIpv6 ? maxAddressBytes : 16);
  const view = new DataView(bytes.buffer);
  const family = isIpv6 ? AF_INET6 : AF_INET;
  view.setUint16(0, family, isLittleEndian);
  view.setUint16(2, port); // network byte order
  if (isIpv6) {
    bytes.set(ipv6Bytes(address), 8);
    view.setUint32(24, scopeId, isLittleEndian);
  } else bytes.set(address.split(".").map(Number), 4);
  return { family, bytes };
}

/** The address of a socket (`getsockname`) or its peer (`getpeername`); null if the call failed. */
export function readSocketName(
  call: Libc["getsockname" | "getpeername"],
  fd: number,
): string | null {
  const bytes = new Uint8Array(maxAddressBytes);
  const size = new Uint32Array([maxAddressBytes]);
  if (call(fd, ptr(bytes), ptr(size)) !== 0) return null;
  const view = new DataView(bytes.buffer);
  if (view.getUint16(0, isLittleEndian) === AF_INET) return bytes.slice(4, 8).join(".");
  const groups = Array.from({ length: 8 }, (_, at) => view.getUint16(8 + 2 * at).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** The bytes of an address. URL accepts every notation, and gives groups with at most one `::`. */
function ipv6Bytes(address: string): Uint8Array {
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string): readonly number[] =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const front = groups(head);
  const back = groups(tail ?? "");
  const all = [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]));
}
