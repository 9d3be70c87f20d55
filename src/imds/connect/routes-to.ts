import type { Host } from "../../host/host.ts";
import { addressOf, familyOf } from "../protocol/endpoint.ts";
import type { Ranked } from "./transports.ts";
import type { LinkState } from "../../model/link-state.ts";

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
