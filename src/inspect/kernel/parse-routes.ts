import type * as v from "valibot";
import type { Family } from "../../model/address.ts";
import type { KernelRoute } from "../../model/kernel-state.ts";
import type { routesSchema } from "./ip-schema.ts";

type IpRoute = v.InferOutput<ReturnType<typeof routesSchema>>[number];

/** RTN_UNICAST, include/uapi/linux/rtnetlink.h */
const unicast = 1;

/** RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT, RTN_THROW. */
const nowhere: readonly number[] = [6, 7, 8, 9];

/** RTPROT_…; others stay numbers. */
const protocols: Readonly<Record<string, string>> = {
  "2": "kernel",
  "3": "boot",
  "4": "static",
  "9": "ra",
  "16": "dhcp",
};

/**
 * The routes that one entry of `ip route` stands for: one for each hop. What leads to this machine
 * or to many (local, broadcast, multicast) is left out.
 */
export function kernelRoutes(route: IpRoute, family: Family): readonly KernelRoute[] {
  const leadsNowhere = nowhere.includes(route.type);
  if (route.type !== unicast && !leadsNowhere) return [];
  // IPv6 names `lo` as the link of a route that leads nowhere; IPv4 names none.
  const hops = leadsNowhere ? [{}] : (route.nexthops ?? [route]);
  return hops.map(({ dev, gateway, via }: Partial<IpRoute>) => ({
    family,
    destination: route.dst,
    gateway: gateway ?? via?.host ?? null,
    link: dev ?? null,
    table: route.table,
    metric: route.metric,
    protocol: route.protocol === undefined ? null : (protocols[route.protocol] ?? route.protocol),
    source: route.prefsrc ?? null,
  }));
}
