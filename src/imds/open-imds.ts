import type { Host } from "../host/host.ts";
import { type ImdsSession, openSession } from "./session.ts";
import type { ImdsSettings } from "./protocol/settings.ts";
import { type Links, emptyLinkSurvey } from "./connect/transports.ts";
import { recoverLeases, openEphemeralLeases } from "./connect/ephemeral-leases.ts";

/** A conversation with IMDS, and how it is held. */
export interface ImdsContext {
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
  work: (imds: ImdsContext) => Promise<T>,
  links: Links = openLinks(host, settings),
): Promise<T> {
  await recoverLeases(host);
  const session = openSession(host, settings, links);
  try {
    return await work({ session, settings });
  } finally {
    await session.close();
  }
}

/**
 * The machine's links, for a conversation with IMDS. Most of them never look at one: what looks is
 * loaded when it is needed.
 */
export function openLinks(host: Host, settings: ImdsSettings): Links {
  const leases = openEphemeralLeases(host, settings);
  let ranker: Promise<Links["rank"]> | null = null;
  return {
    rank: async (endpoints) => {
      ranker ??= import("./connect/rank-links.ts").then(({ createLinkRanker }) =>
        createLinkRanker(host),
      );
      return (await ranker)(endpoints);
    },
    lease: (link, { deadlineMs }) => leases.take(link, deadlineMs),
    close: leases.close,
  };
}

/** As if there were none: for what must hold by the kernel's own routing. */
export const noLinks: Links = {
  rank: async () => emptyLinkSurvey,
  lease: async () => "no temporary address can be had",
  close: async () => undefined,
};
