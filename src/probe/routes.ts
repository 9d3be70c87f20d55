import * as v from "valibot";
import type { ExecHost } from "../host/host.ts";
import type { PathFacts, Refusal, RouteFact } from "../model/probe.ts";
import { runIpJson } from "../inspect/kernel/ip-json.ts";
import { cidrContains, type Family, familyOf, hostCidr, parseCidr } from "../model/ip.ts";

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
  const [hostRoute, acceptsReplies, neighbour, router] = await Promise.all([
    found === null || found.gateway === null ? null : readHostRoute(host, query),
    source === null || link === null ? null : checkReplyAccepted(host, { link, address, source }),
    found === null || link === null ? null : readNeighbour(host, link, found.gateway ?? address),
    link !== null && address.includes(":") ? readRouter(host, link) : null,
  ]);
  return { route, hostRoute, unboundRoute, acceptsReplies, neighbour, router };
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

/** Table and metric of a route to this address alone, by `fibmatch` (Linux 4.13, ip-route(8)). */
async function readHostRoute(host: ExecHost, query: readonly string[]): Promise<string | null> {
  const { value } = await runIpJson(host, ["route", "get", "fibmatch", ...query], fibMatchSchema);
  return value === null || value[0].dst !== query[0] ? null : formatTableAndMetric(value[0]);
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

/** A gateway of the link, from all tables. A gateway from a router advertisement is preferred. */
async function readRouter(host: ExecHost, link: string): Promise<string | null> {
  const words = ["-6", "route", "show", "table", "all", "dev", link];
  const { value } = await runIpJson(host, words, gatewaysSchema);
  const routes = (value ?? []).filter(({ gateway }) => gateway !== undefined);
  const learned = routes.find(({ protocol }) => protocol === "ra");
  return (learned ?? routes[0])?.gateway ?? null;
}

const refusingTypes: readonly string[] = ["prohibit", "blackhole", "unreachable"];

const refusalRoutesSchema = v.array(
  v.object({ type: v.optional(v.string(), "unicast"), dst: v.string(), ...tableAndMetric }),
);

const refusalRulesSchema = v.array(
  v.object({
    priority: v.number(),
    dst: v.optional(v.string(), "all"),
    dstlen: v.optional(v.number()),
    action: v.optional(v.string(), ""),
  }),
);

/**
 * The routes and rules that forbid `address`; empty if `ip` cannot list them. The commands name
 * tables as in `rt_tables`, so that they are readable.
 */
export async function readRefusals(host: ExecHost, address: string): Promise<readonly Refusal[]> {
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
  return found.filter(({ type, destination }) => {
    const cidr = parseCidr(destination, family);
    return refusingTypes.includes(type) && cidr !== null && cidrContains(cidr, address);
  });
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
