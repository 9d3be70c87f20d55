import { ptr } from "bun:ffi";
import { errnoOf } from "./errno.ts";
import type { RouteLookup } from "../host.ts";
import { type Libc, SOCK_CLOEXEC, SOCK_DGRAM } from "./libc.ts";
import { ipOf, socketAddress } from "./socket-address.ts";

/** EACCES, EINVAL, EHOSTUNREACH: a prohibit, blackhole or unreachable route (ip-route(8)). */
const setUpByHand: readonly number[] = [13, 22, 113];
const anyPort = 80;

/**
 * What the kernel's rules and routes make of `address`. Nothing is sent: a UDP socket that connects
 * only looks the route up (udp(7), ip(7)).
 */
export function lookUpRoute(libc: Libc, address: string): RouteLookup {
  const peer = socketAddress(address, anyPort);
  const fd = libc.socket(peer.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return { kind: "none" };
  try {
    if (libc.connect(fd, ptr(peer.bytes), peer.bytes.length) !== 0) {
      return { kind: setUpByHand.includes(errnoOf(libc)) ? "forbidden" : "none" };
    }
    const name = new Uint8Array(28);
    const size = new Uint32Array([name.length]);
    if (libc.getsockname(fd, ptr(name), ptr(size)) !== 0) return { kind: "none" };
    return { kind: "way", source: ipOf(name) };
  } finally {
    libc.close(fd);
  }
}
