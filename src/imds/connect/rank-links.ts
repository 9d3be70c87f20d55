import type { Host } from "../../host/host.ts";
import type { LinkSurvey } from "./transports.ts";
import { createLinkStateCache } from "../../inspect/links/link-states.ts";
import { rankCandidates } from "../../inspect/links/rank.ts";
import type { LinkState, Ranking } from "../../model/link.ts";
import { splitEndpoint, endpointFamily } from "../protocol/endpoint.ts";

/** Ranks the machine's links as often as it is asked; `--verbose` tells how each was ranked. */
export function createLinkRanker(
  host: Host,
): (endpoints: readonly string[]) => Promise<LinkSurvey> {
  const listLinks = createLinkStateCache(host);
  const loggedLines = new Set<string>();
  const logOnce = (line: string): void => {
    if (!loggedLines.has(line)) host.log.verbose(line);
    loggedLines.add(line);
  };
  return async (endpoints) => {
    const links = await listLinks();
    const ranking = rankCandidates(links);
    for (const line of describeRanking(ranking)) logOnce(line);
    const hasImdsd = (await host.imdsd()) !== null;
    return { ...ranking, ...(await lookUpEndpointRoutes(host, endpoints, links)), hasImdsd };
  };
}

function describeRanking({ candidates, others }: Ranking): readonly string[] {
  return [
    ...candidates.map(({ link, rank, reason }) => `${link.name}: rank ${rank} (${reason})`),
    ...others.map(({ link, reason }) => `${link.name}: not asked through, ${reason}`),
  ];
}

/** Which link the kernel takes to the first endpoint, and which endpoints a route forbids. */
export async function lookUpEndpointRoutes(
  host: Pick<Host, "lookUpRoute">,
  endpoints: readonly string[],
  links: readonly LinkState[],
): Promise<Pick<LinkSurvey, "routedLink" | "forbiddenEndpoints">> {
  const addressEndpoints = endpoints.filter((endpoint) => endpointFamily(endpoint) !== null);
  const routes = await Promise.all(
    addressEndpoints.map(async (endpoint) => host.lookUpRoute(splitEndpoint(endpoint).host)),
  );
  const [first] = routes;
  const source = first?.kind === "route" ? first.source : null;
  const owner = links.find(({ addresses }) => addresses.some(({ address }) => address === source));
  const forbiddenEndpoints = addressEndpoints.filter((_, at) => routes[at]?.kind === "forbidden");
  return { routedLink: owner?.name ?? null, forbiddenEndpoints };
}
