import * as v from "valibot";
import type { Host } from "../host/host.ts";
import type { PathFacts, Refusal, RouteFact } from "../model/probe.ts";
import { runIpJson } from "../inspect/kernel/ip-json.ts";
import { cidrContains, type Family, familyOf, hostCidr, parseCidr } from "../model/ip.ts";

type ExecHost = Pick<Host, "exec">;

interface PathQuery {
  /** null: by the kernel's own routing. */
  readonly nic: string | null;
  /** The address of IMDS. */
  readonly address: string;
  /** The NIC's own address to send from; null: it has none of the family. */
  readonly source: string | null;
}

/**
 * What the kernel would do with a packet to IMDS, and with the answer. `ip route get` makes the same
 * decisions as the kernel for a packet, rp_filter's too, and sends nothing. Unknown facts are null.
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

/** `query`: the address, and perhaps `oif` and a NIC. */
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

/** The matching route, not its result: `fibmatch`, since Linux 4.13 (ip-route(8)). */
async function readHostRoute(host: ExecHost, query: readonly string[]): Promise<string | null> {
  const { value } = await runIpJson(host, ["route", "get", "fibmatch", ...query], fibMatchSchema);
  return value === null || value[0].dst !== query[0] ? null : formatTableAndMetric(value[0]);
}

/** IPv6 has no rp_filter. EXDEV (older kernels) or EINVAL (newer ones): the answer would be dropped. */
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

async function readNeighbour(
  host: ExecHost,
  link: string,
  hop: string,
): Promise<PathFacts["neighbour"]> {
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

/** A gateway from a router advertisement, else any gateway of the link, from all tables. */
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
 * The routes and rules that forbid `address`; none if `ip` cannot list them. Tables have their names
 * from `rt_tables`, so that the commands are readable.
 */
export async function readRefusals(host: ExecHost, address: string): Promise<readonly Refusal[]> {
  const family = familyOf(address);
  const routeWords = ["-details", `-${family}`, "route", "show", "table", "all"];
  const [routes, rules] = await Promise.all([
    runIpJson(host, routeWords, refusalRoutesSchema),
    runIpJson(host, [`-${family}`, "rule", "show"], refusalRulesSchema),
  ]);
  const found = [
    ...(routes.value ?? []).map((route) => toRouteRefusal(route, family)),
    ...(rules.value ?? []).map((rule) => toRuleRefusal(rule, family)),
  ];
  return found.filter(({ type, destination }) => {
    const cidr = parseCidr(destination, family);
    return refusingTypes.includes(type) && cidr !== null && cidrContains(cidr, address);
  });
}

type IpRoute = v.InferOutput<typeof refusalRoutesSchema>[number];
type IpRule = v.InferOutput<typeof refusalRulesSchema>[number];

function toRouteRefusal({ type, dst, table, metric }: IpRoute, family: Family): Refusal {
  const tail = formatTableAndMetric({ table, metric });
  const remove = `${ipCommand(family)} route del ${type} ${dst}${tail}`;
  return { family, type, kind: "route", destination: toCidr(dst, undefined, family), remove };
}

function toRuleRefusal({ priority, dst, dstlen, action }: IpRule, family: Family): Refusal {
  const remove = `${ipCommand(family)} rule del priority ${priority}`;
  const destination = toCidr(dst, dstlen, family);
  return { family, type: action, kind: "rule", destination, remove };
}

function ipCommand(family: Family): string {
  return family === 6 ? "ip -6" : "ip";
}

/** As the last words of an `ip route` command. */
function formatTableAndMetric({ table, metric }: Pick<IpRoute, "table" | "metric">): string {
  const where = table === "main" ? "" : ` table ${table}`;
  return `${where}${metric === undefined ? "" : ` metric ${metric}`}`;
}

function toCidr(text: string, length: number | undefined, family: Family): string {
  if (text === "default" || text === "all") return family === 4 ? "0.0.0.0/0" : "::/0";
  if (text.includes("/")) return text;
  return length === undefined ? hostCidr(text) : `${text}/${length}`;
}
