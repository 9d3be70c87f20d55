import type { Host } from "../host/host.ts";
import { type ImdsSession, openSession } from "./session.ts";
import type { ImdsSettings } from "./protocol/settings.ts";
import { recoverLeases } from "./connect/ephemeral-leases.ts";

/** An open session with IMDS, and its settings. */
export interface ImdsContext {
  readonly session: ImdsSession;
  readonly settings: ImdsSettings;
}

/**
 * Does `work` in a session with IMDS, over whichever NIC works. Its sockets and temporary addresses
 * are given back before this resolves or rejects.
 */
export async function withImds<T>(
  host: Host,
  settings: ImdsSettings,
  work: (imds: ImdsContext) => Promise<T>,
): Promise<T> {
  await recoverLeases(host);
  const session = openSession(host, settings);
  try {
    return await work({ session, settings });
  } finally {
    await session.close();
  }
}
