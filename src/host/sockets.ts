import { boundTransport } from "./bound-transport.ts";
import type { BoundTransport, BoundWay, RouteLookup } from "./host.ts";
import { type Libc, openLibc } from "./libc.ts";
import { lookUpRoute } from "./look-up-route.ts";

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
    bind: (way) => (typeof libc === "string" ? libc : boundTransport(libc, way)),
    lookUpRoute: (address) =>
      typeof libc === "string" ? { kind: "unknown" } : lookUpRoute(libc, address),
  };
}

function libcUnlessForbidden(): Libc | string {
  try {
    return openLibc();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
