import { ptr } from "bun:ffi";
import { errorMessage } from "../../exit.ts";
import type { BindOptions, BoundTransport, RouteLookup } from "../host.ts";
import { createBoundTransport } from "./bound-http.ts";
import { bindToDevice } from "./connect.ts";
import {
  AF_INET,
  buildSocketAddress,
  type Libc,
  openLibc,
  readErrno,
  readSocketName,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
} from "./libc.ts";

/** The effects that need sockets of the C library. */
export interface Sockets {
  /** Gives the cause as text if this process cannot have such a transport. */
  readonly bind: (options: BindOptions) => BoundTransport | string;
  readonly lookUpRoute: (address: string) => RouteLookup;
}

/** Opens the C library. Call it once, because Bun 1.4.5 never frees the memory of an opening. */
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

function openLibcOrReason(): Libc | string {
  try {
    return openLibc();
  } catch (error) {
    return errorMessage(error);
  }
}

const EPERM = 1;

/** Before Linux 5.7, binding to a device needs CAP_NET_RAW. A missing NIC is not a refusal. */
function findBindRefusal(libc: Libc, nic: string): string | null {
  const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return null;
  const isRefused = bindToDevice(libc, fd, nic) !== 0 && readErrno(libc) === EPERM;
  libc.close(fd);
  return isRefused ? "this kernel requires CAP_NET_RAW to bind a socket to a NIC" : null;
}

/** EACCES, EINVAL, EHOSTUNREACH mean a prohibit, blackhole or unreachable route (ip-route(8)). */
const forbiddenErrnos: readonly number[] = [13, 22, 113];

const anyPort = 80;

/**
 * Where the kernel's rules and routes lead for `address`. Nothing is sent, because connect(2) of a
 * UDP socket only looks up the route (udp(7), ip(7)).
 */
function lookUpRoute(libc: Libc, address: string): RouteLookup {
  const peer = buildSocketAddress(address, anyPort);
  const fd = libc.socket(peer.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return { kind: "none" };
  try {
    if (libc.connect(fd, ptr(peer.bytes), peer.bytes.length) !== 0) {
      return { kind: forbiddenErrnos.includes(readErrno(libc)) ? "forbidden" : "none" };
    }
    const source = readSocketName(libc.getsockname, fd);
    return source === null ? { kind: "none" } : { kind: "route", source };
  } finally {
    libc.close(fd);
  }
}
