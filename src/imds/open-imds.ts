import type { Host } from "../host/host.ts";
import { type ImdsSession, openSession } from "./session.ts";
import type { ImdsSettings } from "./protocol/settings.ts";
import { recoverLeases } from "./connect/ephemeral-leases.ts";

export interface ImdsContext {
  readonly session: ImdsSession;
  readonly settings: ImdsSettings;
}

/**
 * Calls `work` with a session, which finds a path to IMDS itself. Closes the session, with its
 * sockets and temporary addresses, before this resolves or rejects.
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
