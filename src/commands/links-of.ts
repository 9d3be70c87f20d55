import type { Host } from "../host/host.ts";
import { addressOf, familyOf } from "../imds/endpoint.ts";
import type { ImdsSettings } from "../imds/settings.ts";
import type { Links } from "../imds/transports.ts";
import { linkWatch } from "../links/link-watch.ts";
import { rankCandidates } from "../links/rank-candidates.ts";
import type { LinkState, Ranking } from "../net/link-state.ts";

/** The machine's links, for a conversation with IMDS; `--verbose` tells how each was ranked. */
export function linksOf(host: Host, _settings: ImdsSettings): Links {
  const look = linkWatch(host);
  const told = new Set<string>();
  const tell = (line: string): void => {
    if (!told.has(line)) host.log.verbose(line);
    told.add(line);
  };
  return {
    rank: async (endpoint) => {
      const links = await look();
      const ranking = rankCandidates(links);
      for (const line of linesOf(ranking)) tell(line);
      const hasImdsd = (await host.imdsd()) !== null;
      return { ...ranking, routed: await routedThrough(host, endpoint, links), hasImdsd };
    },
    lease: async () => "no temporary address can be had",
    close: async () => undefined,
  };
}

/** As if there were none: for what must hold by the kernel's own routing. */
export const noLinks: Links = {
  rank: async () => ({ candidates: [], others: [], routed: null, hasImdsd: false }),
  lease: async () => "no temporary address can be had",
  close: async () => undefined,
};

async function routedThrough(
  host: Pick<Host, "routeSource">,
  endpoint: string,
  links: readonly LinkState[],
): Promise<string | null> {
  if (familyOf(endpoint) === null) return null;
  const source = await host.routeSource(addressOf(endpoint).host);
  const owner = links.find(({ addresses }) => addresses.some(({ address }) => address === source));
  return owner?.name ?? null;
}

function linesOf({ candidates, others }: Ranking): readonly string[] {
  return [
    ...candidates.map(({ link, rank, reason }) => `${link.name}: rank ${rank} (${reason})`),
    ...others.map(({ link, reason }) => `${link.name}: not asked through, ${reason}`),
  ];
}
