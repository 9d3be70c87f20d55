import {
  cidrAddress,
  cidrCovers,
  type Family,
  isLinkLocalIpv4,
  isLinkLocalIpv6,
  prefixLength,
  subnetRouter,
  vpcIpv6Router,
} from "../../model/ip.ts";
import { type KernelRoute, type KernelState, mainTable } from "../../model/kernel-state.ts";
import type { Link } from "../../model/link.ts";
import type { Route } from "../../model/network-config.ts";
import { filterNicLinks } from "../config/match-nics.ts";
import { vpcServices, widestPrefix } from "../config/policy-routing.ts";
import type { ExpectedKernel, ExpectedNic } from "./expected-kernel.ts";

/**
 * Adds the routes that a NIC's table needs because of routes that others added to the main table. No
 * file contains them, because the main table is not metadata: files stay the same when a bridge or
 * another ENI comes or goes.
 *
 * A route through another ENI, for example an admin's static route through the primary: packets from
 * this NIC's addresses must leave through this NIC, so its table has the same destination via its own
 * router. A route to a bridge or a VPN inside a network that the table has: the table's route must not
 * apply, so the table has a `throw` route. With link groups, only the primary's table needs the first.
 */
export function addMainRoutes(
  expected: ExpectedKernel,
  { routes }: Pick<KernelState, "routes">,
  links: readonly Link[],
): ExpectedKernel {
  const nicNames = filterNicLinks(links).map(({ name }) => name);
  const main = routes.filter(isSpecificMainRoute);
  const throughNics = main.filter(({ link }) => link !== null && nicNames.includes(link));
  const others = main.filter(({ link }) => link === null || !nicNames.includes(link));
  const addTo = (nic: ExpectedNic): ExpectedNic => {
    const remote = nic.linkGroup === null || nic.isPrimary ? remoteRoutes(nic, throughNics) : [];
    const own = [...nic.routes, ...remote];
    const thrown = nic.linkGroup === null ? throwRoutes({ ...nic, routes: own }, others) : [];
    return { ...nic, routes: [...own, ...thrown] };
  };
  return { ...expected, nics: expected.nics.map(addTo) };
}

/**
 * Not a default route, not a half of it, and not a link-local network, which is another one on each
 * NIC: fe80::/64, and the router 169.254.0.1 of an IPv6-only subnet.
 */
function isSpecificMainRoute({ table, family, destination }: KernelRoute): boolean {
  const isWide = prefixLength(destination) <= widestPrefix[family];
  return table === mainTable && !isWide && !isLinkLocal(destination);
}

/** The VPC's services have link-local addresses too, but every ENI reaches them. */
function isLinkLocal(destination: string): boolean {
  const address = cidrAddress(destination);
  if (isLinkLocalIpv6(address)) return true;
  return isLinkLocalIpv4(address) && !cidrCovers(vpcServices[4], destination);
}

/** The destinations that main reaches through other NICs, and the table not at all. */
function remoteRoutes(nic: ExpectedNic, main: readonly KernelRoute[]): readonly Route[] {
  const outside = main.filter(({ link, destination }) => {
    return link !== nic.name && !unicastRoutes(nic).some((each) => covers(each, destination));
  });
  return uniqueDestinations(outside).flatMap(({ family, destination }) => {
    const gateway = findGateway(nic, family);
    if (gateway === null) return [];
    const base = { family, destination, gateway, table: nic.table } as const;
    return [{ ...base, type: "unicast", prefersAdvertised: false } as const];
  });
}

/** The destinations that main reaches without an ENI, and the table by a route to a larger network. */
function throwRoutes(nic: ExpectedNic, main: readonly KernelRoute[]): readonly Route[] {
  const inside = main.filter(({ destination }) => {
    const isThrown = nic.routes.some((each) => {
      return each.type === "throw" && covers(each, destination);
    });
    // The kernel has only one route for equal destinations, and that is the one of the file.
    const isEqual = nic.routes.some((each) => each.destination === destination);
    return !isThrown && !isEqual && unicastRoutes(nic).some((each) => covers(each, destination));
  });
  return uniqueDestinations(inside).map(({ family, destination }) => {
    const base = { family, destination, gateway: null, table: nic.table } as const;
    return { ...base, type: "throw", prefersAdvertised: false } as const;
  });
}

function unicastRoutes({ routes }: ExpectedNic): readonly Route[] {
  return routes.filter(
    ({ type, destination }) => type === "unicast" && prefixLength(destination) > 0,
  );
}

function covers(route: Route, destination: string): boolean {
  return cidrCovers(route.destination, destination);
}

function findGateway({ routes }: ExpectedNic, family: Family): string | null {
  const own = routes.filter((route) => route.family === family && route.type === "unicast");
  const gateway = own.find((route) => route.gateway !== null)?.gateway ?? null;
  const [subnet] = own;
  if (gateway !== null || subnet === undefined) return gateway;
  return family === 4 ? subnetRouter(subnet.destination) : vpcIpv6Router;
}

function uniqueDestinations(routes: readonly KernelRoute[]): readonly KernelRoute[] {
  return routes.filter((route, index) => {
    return routes.findIndex(({ destination }) => destination === route.destination) === index;
  });
}
