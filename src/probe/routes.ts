import * as v from "valibot";
import type { Host } from "../host/host.ts";
import type { PathFacts, Refusal, RouteFact } from "../model/probe.ts";
import { readIp } from "../inspect/kernel/ip-json.ts";
import { contains, type Family, familyOf, hostCidr, parseCidr } from "../model/ip.ts";

interface PathQuestion {
  /** null: by the kernel's own routing. */
  readonly nic: string | null;
  /** IMDS's. */
  readonly address: string;
  /** The NIC's own address that is asked from; null: it has none of the family. */
  readonly source: string | null;
}

/**
 * What the kernel itself would do with a packet to IMDS and with the answer to it: `ip route get`
 * takes the very decisions, rp_filter's too, and sends nothing. What it cannot be asked is null.
 */
export async function readPath(
  host: Pick<Host, "exec">,
  { nic, address, source }: PathQuestion,
): Promise<PathFacts> {
  const usual = await readRoute(host, null, address);
  const route = nic === null ? usual : await readRoute(host, nic, address);
  const found = route?.kind === "way" ? route : null;
  const link = nic ?? found?.nic ?? null;
  const [hostRoute, keepsReplies, neighbour, router] = await Promise.all([
    found === null || found.gateway === null ? null : readHostRoute(host, nic, address),
    source === null || link === null ? null : readReply(host, { link, address, source }),
    found === null || link === null ? null : readNeighbour(host, link, found.gateway ?? address),
    link !== null && address.includes(":") ? readRouter(host, link) : null,
  ]);
  return { route, hostRoute, usual, keepsReplies, neighbour, router };
}

const routeSchema = v.tuple([
  v.object({ gateway: v.optional(v.string()), dev: v.optional(v.string()) }),
]);

async function readRoute(
  host: Pick<Host, "exec">,
  nic: string | null,
  address: string,
): Promise<RouteFact | null> {
  const answer = await readIp(host, ["route", "get", address, ...through(nic)], routeSchema);
  if (answer.value !== null) {
    const [{ gateway, dev }] = answer.value;
    return { kind: "way", gateway: gateway ?? null, nic: dev ?? null };
  }
  if (/Network is unreachable/.test(answer.said)) return { kind: "none" };
  // prohibit EACCES, unreachable EHOSTUNREACH, blackhole EINVAL (ip-route(8))
  return /Permission denied|No route to host|Invalid argument/.test(answer.said)
    ? { kind: "forbidden" }
    : null;
}

function through(nic: string | null): readonly string[] {
  return nic === null ? [] : ["oif", nic];
}

const matchSchema = v.tuple([
  v.object({
    dst: v.string(),
    table: v.optional(v.string(), "main"),
    metric: v.optional(v.number()),
  }),
]);

/** The route itself, not what it comes to: `fibmatch`, since Linux 4.13 (ip-route(8)). */
async function readHostRoute(
  host: Pick<Host, "exec">,
  nic: string | null,
  address: string,
): Promise<string | null> {
  const words = ["route", "get", "fibmatch", address, ...through(nic)];
  const { value } = await readIp(host, words, matchSchema);
  if (value === null || value[0].dst !== address) return null;
  const [{ table, metric }] = value;
  const where = table === "main" ? "" : ` table ${table}`;
  return `${where}${metric === undefined ? "" : ` metric ${metric}`}`;
}

/** IPv6 has no rp_filter. EXDEV on older kernels, EINVAL on newer ones: it would be dropped. */
async function readReply(
  host: Pick<Host, "exec">,
  { link, address, source }: { link: string; address: string; source: string },
): Promise<boolean | null> {
  if (address.includes(":")) return true;
  const words = ["route", "get", source, "from", address, "iif", link];
  const answer = await readIp(host, words, v.unknown());
  if (answer.value !== null) return true;
  return /Invalid cross-device link|Invalid argument/.test(answer.said) ? false : null;
}

const neighboursSchema = v.array(v.object({ state: v.optional(v.array(v.string()), []) }));

async function readNeighbour(
  host: Pick<Host, "exec">,
  link: string,
  hop: string,
): Promise<PathFacts["neighbour"]> {
  const words = ["neighbour", "show", "to", hop, "dev", link];
  const { value } = await readIp(host, words, neighboursSchema);
  if (value === null) return null;
  const [entry] = value;
  if (entry === undefined) return "unasked";
  return entry.state.some((state) => state === "INCOMPLETE" || state === "FAILED")
    ? "silent"
    : "answers";
}

const gatewaysSchema = v.array(
  v.object({
    dst: v.string(),
    gateway: v.optional(v.string()),
    protocol: v.optional(v.string()),
  }),
);

/** The one that router advertisements brought, else any: in whatever table. */
async function readRouter(host: Pick<Host, "exec">, link: string): Promise<string | null> {
  const words = ["-6", "route", "show", "table", "all", "dev", link];
  const { value } = await readIp(host, words, gatewaysSchema);
  const routes = (value ?? []).filter(({ gateway }) => gateway !== undefined);
  const learned = routes.find(({ protocol }) => protocol === "ra");
  return (learned ?? routes[0])?.gateway ?? null;
}

const refusing: readonly string[] = ["prohibit", "blackhole", "unreachable"];

const routesSchema = v.array(
  v.object({
    type: v.optional(v.string(), "unicast"),
    dst: v.string(),
    table: v.optional(v.string(), "main"),
    metric: v.optional(v.number()),
  }),
);

const rulesSchema = v.array(
  v.object({
    priority: v.number(),
    dst: v.optional(v.string(), "all"),
    dstlen: v.optional(v.number()),
    action: v.optional(v.string(), ""),
  }),
);

/** The routes and rules that forbid `address`; none where `ip` cannot tell. Names are the admin's. */
export async function readRefusals(
  host: Pick<Host, "exec">,
  address: string,
): Promise<readonly Refusal[]> {
  const family = familyOf(address);
  const details = ["-details", `-${family}`];
  const [routes, rules] = await Promise.all([
    readIp(host, [...details, "route", "show", "table", "all"], routesSchema),
    readIp(host, [`-${family}`, "rule", "show"], rulesSchema),
  ]);
  const found = [
    ...(routes.value ?? []).map((route) => routeRefusal(route, family)),
    ...(rules.value ?? []).map((rule) => ruleRefusal(rule, family)),
  ];
  return found.filter(({ type, destination }) => {
    const cidr = parseCidr(destination, family);
    return refusing.includes(type) && cidr !== null && contains(cidr, address);
  });
}

type IpRoute = v.InferOutput<typeof routesSchema>[number];

type IpRule = v.InferOutput<typeof rulesSchema>[number];

function routeRefusal({ type, dst, table, metric }: IpRoute, family: Family): Refusal {
  const where = table === "main" ? "" : ` table ${table}`;
  const weight = metric === undefined ? "" : ` metric ${metric}`;
  const ip = family === 6 ? "ip -6" : "ip";
  const remove = `${ip} route del ${type} ${dst}${where}${weight}`;
  return { family, type, what: "route", destination: networkOf(dst, undefined, family), remove };
}

function ruleRefusal({ priority, dst, dstlen, action }: IpRule, family: Family): Refusal {
  const ip = family === 6 ? "ip -6" : "ip";
  const remove = `${ip} rule del priority ${priority}`;
  const destination = networkOf(dst, dstlen, family);
  return { family, type: action, what: "rule", destination, remove };
}

function networkOf(text: string, length: number | undefined, family: Family): string {
  if (text === "default" || text === "all") return family === 4 ? "0.0.0.0/0" : "::/0";
  if (text.includes("/")) return text;
  return length === undefined ? hostCidr(text) : `${text}/${length}`;
}
