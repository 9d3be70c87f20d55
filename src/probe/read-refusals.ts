import * as v from "valibot";
import type { Host } from "../host/host.ts";
import { type Family, contains, familyOf, hostCidr, parseCidr } from "../model/address.ts";
import type { Refusal } from "../model/probe-facts.ts";
import { readIp } from "../inspect/kernel/read-ip.ts";

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
