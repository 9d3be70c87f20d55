import { createBoundTransport } from "./bound-http.ts";
import { bindToDevice } from "./connect.ts";
import {
  AF_INET,
  readErrno,
  readIpAddress,
  type Libc,
  openLibc,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  buildSocketAddress,
} from "./libc.ts";
import type { BoundTransport, BindOptions, RouteLookup } from "../host.ts";
import { ptr } from "bun:ffi";

const EPERM = 1;

/** What only the C library can do with sockets. */
export interface Sockets {
  /** A string says why there is no such transport in this process. */
  readonly bind: (options: BindOptions) => BoundTransport | string;
  readonly lookUpRoute: (address: string) => RouteLookup;
}

/** Opens the C library, once: each opening costs memory that never comes back (Bun 1.4.5). */
export function openSockets(): Sockets {
  const libc = openLibcOrReason();
  return {
    bind: (options) => {
      if (typeof libc === "string") return libc;
      return findBindRefusal(libc, options.nic) ?? createBoundTransport(libc, options);
    },
    lookUpRoute: (address) =>
      typeof libc === "string" ? { kind: "unknown" } : lookUpRoute(libc, address),
  };
}

/** Before Linux 5.7 only CAP_NET_RAW may bind to a device; a NIC that is gone is no such reason. */
function findBindRefusal(libc: Libc, nic: string): string | null {
  const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return null;
  const isRefused = bindToDevice(libc, fd, nic) !== 0 && readErrno(libc) === EPERM;
  libc.close(fd);
  return isRefused ? "this kernel lets nobody without CAP_NET_RAW do it" : null;
}

function openLibcOrReason(): Libc | string {
  try {
    return openLibc();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** EACCES, EINVAL, EHOSTUNREACH: a prohibit, blackhole or unreachable route (ip-route(8)). */
const forbiddenErrnos: readonly number[] = [13, 22, 113];

const anyPort = 80;

/**
 * What the kernel's rules and routes make of `address`. Nothing is sent: a UDP socket that connects
 * only looks the route up (udp(7), ip(7)).
 */
export function lookUpRoute(libc: Libc, address: string): RouteLookup {
  const peer = buildSocketAddress(address, anyPort);
  const fd = libc.socket(peer.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return { kind: "none" };
  try {
    if (libc.connect(fd, ptr(peer.bytes), peer.bytes.length) !== 0) {
      return { kind: forbiddenErrnos.includes(readErrno(libc)) ? "forbidden" : "none" };
    }
    const ownName = new Uint8Array(28);
    const size = new Uint32Array([ownName.length]);
    if (libc.getsockname(fd, ptr(ownName), ptr(size)) !== 0) return { kind: "none" };
    return { kind: "route", source: readIpAddress(ownName) };
  } finally {
    libc.close(fd);
  }
}
