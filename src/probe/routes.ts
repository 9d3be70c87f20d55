import * as v from "valibot";
import type { ExecHost } from "../host/host.ts";
import type { PathFacts, Refusal, RemainingRoute, RouteEntry, RouteFact } from "../model/probe.ts";
import { runIpJson } from "../inspect/kernel/ip-json.ts";
import {
  cidrContains,
  type Family,
  familyOf,
  hostCidr,
  parseCidr,
  prefixLength,
} from "../model/ip.ts";

interface PathQuery {
  /** null for kernel routing. */
  readonly nic: string | null;
  /** The address of IMDS. */
  readonly address: string;
  /** The address that the NIC sends from; null if it has none of this family. */
  readonly source: string | null;
}

/**
 * Reads what the kernel would do with a packet to IMDS, and with the answer. `ip route get` makes
 * the same decisions as for a real packet, also those of rp_filter, and sends nothing. A fact is
 * null if it is unknown.
 */
export async function readPathFacts(
  host: ExecHost,
  { nic, address, source }: PathQuery,
): Promise<PathFacts> {
  const unboundRoute = await readRoute(host, [address]);
  const query = nic === null ? [address] : [address, "oif", nic];
  const route = nic === null ? unboundRoute : await readRoute(host, query);
  const found = route?.kind === "route" ? route : null;
  const link = nic ?? found?.nic ?? null;
  const [unboundEntry, acceptsReplies, neighbour, routers] = await Promise.all([
    unboundRoute?.kind === "route" ? readRouteEntry(host, address) : null,
    source === null || link === null ? null : checkReplyAccepted(host, { link, address, source }),
    found === null || link === null ? null : readNeighbour(host, link, found.gateway ?? address),
    link !== null && address.includes(":") ? readRouters(host, link) : noRouters,
  ]);
  return { route, unboundRoute, unboundEntry, acceptsReplies, neighbour, ...routers };
}

const optionalText = v.optional(v.string());

const routeSchema = v.tuple([v.object({ gateway: optionalText, dev: optionalText })]);

/** `query` is the address, or the address, `oif` and a NIC. */
async function readRoute(host: ExecHost, query: readonly string[]): Promise<RouteFact | null> {
  const { value, errorText } = await runIpJson(host, ["route", "get", ...query], routeSchema);
  if (value !== null) {
    const [{ gateway, dev }] = value;
    return { kind: "route", gateway: gateway ?? null, nic: dev ?? null };
  }
  if (/Network is unreachable/.test(errorText)) return { kind: "none" };
  // prohibit EACCES, unreachable EHOSTUNREACH, blackhole EINVAL (ip-route(8))
  const isForbidden = /Permission denied|No route to host|Invalid argument/.test(errorText);
  return isForbidden ? { kind: "forbidden" } : null;
}

const tableAndMetric = { table: v.optional(v.string(), "main"), metric: v.optional(v.number()) };

const fibMatchSchema = v.tuple([v.object({ dst: v.string(), ...tableAndMetric })]);

/** The entry of a routing table that the kernel uses, by `fibmatch` (Linux 4.13, ip-route(8)). */
async function readRouteEntry(host: ExecHost, address: string): Promise<RouteEntry | null> {
  const { value } = await runIpJson(host, ["route", "get", "fibmatch", address], fibMatchSchema);
  if (value === null) return null;
  const [{ dst, table, metric }] = value;
  return { isHostRoute: dst === address, table, words: formatTableAndMetric({ table, metric }) };
}

/** If rp_filter would drop, older kernels say EXDEV, newer ones EINVAL. IPv6 has no rp_filter. */
async function checkReplyAccepted(
  host: ExecHost,
  { link, address, source }: { link: string; address: string; source: string },
): Promise<boolean | null> {
  if (address.includes(":")) return true;
  const words = ["route", "get", source, "from", address, "iif", link];
  const { value, errorText } = await runIpJson(host, words, v.unknown());
  if (value !== null) return true;
  return /Invalid cross-device link|Invalid argument/.test(errorText) ? false : null;
}

const neighboursSchema = v.array(v.object({ state: v.optional(v.array(v.string()), []) }));

async function readNeighbour(host: ExecHost, link: string, hop: string) {
  const words = ["neighbour", "show", "to", hop, "dev", link];
  const { value } = await runIpJson(host, words, neighboursSchema);
  if (value === null) return null;
  const [entry] = value;
  if (entry === undefined) return "unused";
  const hasFailed = entry.state.some((state) => state === "INCOMPLETE" || state === "FAILED");
  return hasFailed ? "failed" : "reachable";
}

const gatewaysSchema = v.array(
  v.object({ dst: v.string(), gateway: optionalText, protocol: optionalText }),
);

type Routers = Pick<PathFacts, "router" | "advertisedRouter">;

const noRouters: Routers = { router: null, advertisedRouter: null };

/** The gateways of the link, from all tables. A router advertisement is preferred. */
async function readRouters(host: ExecHost, link: string): Promise<Routers> {
  const words = ["-6", "route", "show", "table", "all", "dev", link];
  const { value } = await runIpJson(host, words, gatewaysSchema);
  const routes = (value ?? []).filter(({ gateway }) => gateway !== undefined);
  const learned = routes.find(({ protocol }) => protocol === "ra");
  const router = (learned ?? routes[0])?.gateway ?? null;
  return { router, advertisedRouter: learned?.gateway ?? null };
}

const refusingTypes: readonly string[] = ["prohibit", "blackhole", "unreachable"];

const refusalRoutesSchema = v.array(
  v.object({
    type: v.optional(v.string(), "unicast"),
    dst: v.string(),
    dev: optionalText,
    ...tableAndMetric,
  }),
);

const refusalRulesSchema = v.array(
  v.object({
    priority: v.number(),
    dst: v.optional(v.string(), "all"),
    dstlen: v.optional(v.number()),
    action: v.optional(v.string(), ""),
  }),
);

interface Refusals {
  readonly refusals: readonly Refusal[];
  /** Best first. */
  readonly remaining: readonly RemainingRoute[];
}

/**
 * The routes and rules that forbid `address`, and the routes of the table `main` that remain without
 * them; empty if `ip` cannot list them. The commands name tables as in `rt_tables`, so that they are
 * readable.
 */
export async function readRefusals(host: ExecHost, address: string): Promise<Refusals> {
  const family = familyOf(address);
  const routeWords = ["-details", `-${family}`, "route", "show", "table", "all"];
  const [routes, rules] = await Promise.all([
    runIpJson(host, routeWords, refusalRoutesSchema),
    runIpJson(host, [`-${family}`, "rule", "show"], refusalRulesSchema),
  ]);
  const ip = family === 6 ? "ip -6" : "ip";
  const found: readonly Refusal[] = [
    ...(routes.value ?? []).map(({ type, dst, ...rest }) => {
      const remove = `${ip} route del ${type} ${dst}${formatTableAndMetric(rest)}`;
      const destination = toCidr(dst, undefined, family);
      return { family, type, kind: "route", destination, remove } as const;
    }),
    ...(rules.value ?? []).map(({ priority, dst, dstlen, action: type }) => {
      const remove = `${ip} rule del priority ${priority}`;
      return {
        family,
        type,
        kind: "rule",
        destination: toCidr(dst, dstlen, family),
        remove,
      } as const;
    }),
  ];
  const refusals = found.filter(
    ({ type, destination }) => refusingTypes.includes(type) && covers(destination, address),
  );
  return { refusals, remaining: findRemaining(routes.value ?? [], address) };
}

/** The kernel prefers the longest prefix, and among routes of the same prefix the least metric. */
function findRemaining(
  routes: v.InferOutput<typeof refusalRoutesSchema>,
  address: string,
): readonly RemainingRoute[] {
  const family = familyOf(address);
  return routes
    .filter(({ type, table }) => type === "unicast" && table === "main")
    .map(({ dst, dev = null, metric = 0 }) => {
      return { destination: toCidr(dst, undefined, family), nic: dev, metric };
    })
    .filter(({ destination }) => covers(destination, address))
    .toSorted(
      (left, right) =>
        prefixLength(right.destination) - prefixLength(left.destination) ||
        left.metric - right.metric,
    )
    .map(({ destination, nic }) => ({ family, destination, nic }));
}

function covers(destination: string, address: string): boolean {
  const cidr = parseCidr(destination, familyOf(address));
  return cidr !== null && cidrContains(cidr, address);
}

/** The last words of an `ip route` command. */
function formatTableAndMetric({ table, metric }: { table: string; metric?: number | undefined }) {
  const where = table === "main" ? "" : ` table ${table}`;
  return `${where}${metric === undefined ? "" : ` metric ${metric}`}`;
}

function toCidr(text: string, length: number | undefined, family: Family): string {
  if (text === "default" || text === "all") return family === 4 ? "0.0.0.0/0" : "::/0";
  if (text.includes("/")) return text;
  return length === undefined ? hostCidr(text) : `${text}/${length}`;
}
