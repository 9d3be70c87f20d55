import type { Host } from "../../host/host.ts";
import type { Ranked } from "./transports.ts";
import { linkWatch } from "../../inspect/links/link-watch.ts";
import { rankCandidates } from "../../inspect/links/rank-candidates.ts";
import type { Ranking } from "../../model/link-state.ts";
import { routesTo } from "./routes-to.ts";

/** Ranks the machine's links as often as it is asked; `--verbose` tells how each was ranked. */
export function linkRanking(host: Host): (endpoints: readonly string[]) => Promise<Ranked> {
  const look = linkWatch(host);
  const told = new Set<string>();
  const tell = (line: string): void => {
    if (!told.has(line)) host.log.verbose(line);
    told.add(line);
  };
  return async (endpoints) => {
    const links = await look();
    const ranking = rankCandidates(links);
    for (const line of linesOf(ranking)) tell(line);
    const hasImdsd = (await host.imdsd()) !== null;
    return { ...ranking, ...(await routesTo(host, endpoints, links)), hasImdsd };
  };
}

function linesOf({ candidates, others }: Ranking): readonly string[] {
  return [
    ...candidates.map(({ link, rank, reason }) => `${link.name}: rank ${rank} (${reason})`),
    ...others.map(({ link, reason }) => `${link.name}: not asked through, ${reason}`),
  ];
}
