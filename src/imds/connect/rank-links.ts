import type { Host } from "../../host/host.ts";
import type { Ranked } from "./transports.ts";
import { linkWatch } from "../../inspect/links/link-states.ts";
import { rankCandidates } from "../../inspect/links/rank.ts";
import type { LinkState, Ranking } from "../../model/link.ts";
import { addressOf, familyOf } from "../protocol/endpoint.ts";

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

/** Which link the kernel takes to the first endpoint, and which endpoints a route forbids. */
export async function routesTo(
  host: Pick<Host, "lookUpRoute">,
  endpoints: readonly string[],
  links: readonly LinkState[],
): Promise<Pick<Ranked, "routed" | "forbidden">> {
  const literal = endpoints.filter((endpoint) => familyOf(endpoint) !== null);
  const routes = await Promise.all(
    literal.map(async (endpoint) => host.lookUpRoute(addressOf(endpoint).host)),
  );
  const [first] = routes;
  const source = first?.kind === "way" ? first.source : null;
  const owner = links.find(({ addresses }) => addresses.some(({ address }) => address === source));
  const forbidden = literal.filter((_, at) => routes[at]?.kind === "forbidden");
  return { routed: owner?.name ?? null, forbidden };
}
