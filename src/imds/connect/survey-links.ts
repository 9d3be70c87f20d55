import type { Host } from "../../host/host.ts";
import type { LinkSurvey } from "./candidates.ts";
import { createLinkStateCache } from "../../inspect/links/link-states.ts";
import { rankCandidates } from "../../inspect/links/rank.ts";
import type { LinkState, Ranking } from "../../model/link.ts";
import { endpointFamily } from "../protocol/endpoint.ts";
import { splitEndpoint } from "../../model/ip.ts";

/** Returns a function that reads the links at each call, and logs each new rank and its reason. */
export function createLinkSurvey(
  host: Pick<Host, "addresses" | "files" | "imdsd" | "log" | "lookUpRoute">,
  endpoints: readonly string[],
): () => Promise<LinkSurvey> {
  const listLinks = createLinkStateCache(host);
  const loggedLines = new Set<string>();
  return async () => {
    const links = await listLinks();
    const ranking = rankCandidates(links);
    const newLines = describeRanking(ranking).filter((line) => !loggedLines.has(line));
    for (const line of newLines) host.log.verbose(line);
    for (const line of newLines) loggedLines.add(line);
    const hasImdsd = (await host.imdsd()) !== null;
    return { ...ranking, ...(await lookUpEndpointRoutes(host, endpoints, links)), hasImdsd };
  };
}

function describeRanking({ candidates, others }: Ranking): readonly string[] {
  return [
    ...candidates.map(({ link, rank, reason }) => `${link.name}: rank ${rank} (${reason})`),
    ...others.map(({ link, reason }) => `${link.name}: IMDS is not asked through it (${reason})`),
  ];
}

/** The link of the kernel's route to the first endpoint, and the endpoints that a route forbids. */
export async function lookUpEndpointRoutes(
  host: Pick<Host, "lookUpRoute">,
  endpoints: readonly string[],
  links: readonly LinkState[],
): Promise<Pick<LinkSurvey, "routedLink" | "forbiddenEndpoints">> {
  const addressEndpoints = endpoints.filter((endpoint) => endpointFamily(endpoint) !== null);
  const routes = await Promise.all(
    addressEndpoints.map((endpoint) => host.lookUpRoute(splitEndpoint(endpoint).host)),
  );
  const [first] = routes;
  const source = first?.kind === "route" ? first.source : null;
  const owner = links.find(({ addresses }) => addresses.some(({ address }) => address === source));
  const forbiddenEndpoints = addressEndpoints.filter((_, at) => routes[at]?.kind === "forbidden");
  return { routedLink: owner?.name ?? null, forbiddenEndpoints };
}
