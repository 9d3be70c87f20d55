import type { Host } from "../host/host.ts";
import type { ImdsSettings } from "./protocol/settings.ts";
import { type Links, noRanked } from "./connect/transports.ts";
import { leasesFor } from "./connect/leases-for.ts";

/**
 * The machine's links, for a conversation with IMDS. Most of them never look at one: what looks is
 * loaded when it is needed.
 */
export function linksOf(host: Host, settings: ImdsSettings): Links {
  const leases = leasesFor(host, settings);
  let ranking: Promise<Links["rank"]> | null = null;
  return {
    rank: async (endpoints) => {
      ranking ??= import("./connect/link-ranking.ts").then(({ linkRanking }) => linkRanking(host));
      return (await ranking)(endpoints);
    },
    lease: (link, { deadlineMs }) => leases.take(link, deadlineMs),
    close: leases.close,
  };
}

/** As if there were none: for what must hold by the kernel's own routing. */
export const noLinks: Links = {
  rank: async () => noRanked,
  lease: async () => "no temporary address can be had",
  close: async () => undefined,
};
