import { boundTransport } from "./bound-transport.ts";
import { bindToDevice } from "./connect.ts";
import { errnoOf } from "./errno.ts";
import type { BoundTransport, BoundWay, RouteLookup } from "../host.ts";
import { type Libc, openLibc, SOCK_CLOEXEC, SOCK_DGRAM } from "./libc.ts";
import { lookUpRoute } from "./look-up-route.ts";
import { AF_INET } from "./socket-address.ts";

const EPERM = 1;

/** What only the C library can do with sockets. */
export interface Sockets {
  /** A string says why there is no such transport in this process. */
  readonly bind: (way: BoundWay) => BoundTransport | string;
  readonly lookUpRoute: (address: string) => RouteLookup;
}

/** Opens the C library, once: each opening costs memory that never comes back (Bun 1.4.5). */
export function openSockets(): Sockets {
  const libc = libcUnlessForbidden();
  return {
    bind: (way) => {
      if (typeof libc === "string") return libc;
      return whyNotBound(libc, way.nic) ?? boundTransport(libc, way);
    },
    lookUpRoute: (address) =>
      typeof libc === "string" ? { kind: "unknown" } : lookUpRoute(libc, address),
  };
}

/** Before Linux 5.7 only CAP_NET_RAW may bind to a device; a NIC that is gone is no such reason. */
function whyNotBound(libc: Libc, nic: string): string | null {
  const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return null;
  const isRefused = bindToDevice(libc, fd, nic) !== 0 && errnoOf(libc) === EPERM;
  libc.close(fd);
  return isRefused ? "this kernel lets nobody without CAP_NET_RAW do it" : null;
}

function libcUnlessForbidden(): Libc | string {
  try {
    return openLibc();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
