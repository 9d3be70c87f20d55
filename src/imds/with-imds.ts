import type { Host } from "../host/host.ts";
import { type ImdsSession, openSession } from "./session.ts";
import type { ImdsSettings } from "./protocol/settings.ts";
import type { Links } from "./connect/transports.ts";
import { dropAbandoned } from "./connect/leases-for.ts";
import { linksOf } from "./links-of.ts";

/** A conversation with IMDS, and how it is held. */
export interface Imds {
  readonly session: ImdsSession;
  readonly settings: ImdsSettings;
}

/**
 * Does `work` in a conversation with IMDS, over whichever NIC works. What was taken for it, sockets
 * and temporary addresses, is given back before this resolves, however it ends. With `noLinks` only
 * the kernel's own routing is asked.
 */
export async function withImds<T>(
  host: Host,
  settings: ImdsSettings,
  work: (imds: Imds) => Promise<T>,
  links: Links = linksOf(host, settings),
): Promise<T> {
  await dropAbandoned(host);
  const session = openSession(host, settings, links);
  try {
    return await work({ session, settings });
  } finally {
    await session.close();
  }
}
