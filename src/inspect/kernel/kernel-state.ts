import type * as v from "valibot";
import { Failure } from "../../exit.ts";
import type { ExecHost } from "../../host/host.ts";
import { type Family, hostCidr, parseCidr, parseIpv4, parseIpv6 } from "../../model/ip.ts";
import type {
  KernelAddress,
  KernelLink,
  KernelRoute,
  KernelRule,
  KernelState,
} from "../../model/kernel-state.ts";
import { describeCommandFailure } from "../../model/text.ts";
import { addressesSchema, routesSchema, rulesSchema, runJsonCommand } from "./ip-json.ts";

/** A kernel without IPv6 fails with EAFNOSUPPORT or EOPNOTSUPP: it has no IPv6 routes and rules. */
const unsupportedFamilyPattern = /Address family not supported|Operation not supported/;

/** A dump takes milliseconds, even with a full routing table. */
const timeoutMs = 10_000;

/**
 * The kernel's addresses, routes and rules, as `ip` shows them. `-N` keeps the numbers of tables
 * and protocols, because an admin can name them in several places (/etc/iproute2,
 * /usr/share/iproute2, rt_tables.d). Throws `OSERR` if `ip` fails, is missing, is older than 5.3
 * (no `-N`), or is busybox's.
 */
export async function readKernel(host: ExecHost): Promise<KernelState> {
  const [addresses, ...families] = await Promise.all([
    readIpJson(host, addressesSchema, ["address", "show"]),
    readFamily(host, 4),
    readFamily(host, 6),
  ]);
  return {
    links: addresses.flatMap(toKernelLink),
    addresses: addresses.flatMap(toKernelAddresses),
    routes: families.flatMap(({ routes }) => routes),
    rules: families.flatMap(({ rules }) => rules),
  };
}

type FamilyState = Pick<KernelState, "routes" | "rules">;

async function readFamily(host: ExecHost, family: Family): Promise<FamilyState> {
  const flags = ["-details", `-${family}`];
  const [routes, rules] = await Promise.all([
    readIpJson(host, routesSchema(family), [...flags, "route", "show", "table", "all"]),
    readIpJson(host, rulesSchema, [...flags, "rule", "show"]),
  ]);
  return {
    routes: routes.flatMap((route) => toKernelRoutes(route, family)),
    rules: rules.map((rule) => toKernelRule(rule, family)),
  };
}

async function readIpJson<T>(
  host: ExecHost,
  schema: v.GenericSchema<unknown, readonly T[]>,
  words: readonly string[],
): Promise<readonly T[]> {
  const argv = ["ip", "-N", "-json", ...words];
  const { value, code, errorText } = await runJsonCommand(host, argv, schema, timeoutMs);
  if (value !== null) return value;
  if (code !== 0 && words.includes("-6") && unsupportedFamilyPattern.test(errorText)) return [];
  const hint = "install iproute2 5.3 or later; the ip of busybox does not have -N and -json";
  const message =
    code === 0
      ? `${argv.join(" ")}: unexpected output: ${errorText}`
      : describeCommandFailure(argv, code, errorText);
  throw new Failure("OSERR", message, { hint });
}

type IpLink = v.InferOutput<typeof addressesSchema>[number];

function toKernelLink({ ifname, group }: IpLink): readonly KernelLink[] {
  if (ifname === "") return [];
  const number = group === "default" ? 0 : Number(group);
  return [{ name: ifname, group: Number.isInteger(number) ? number : null }];
}

/** The addresses of one link of `ip address`. */
function toKernelAddresses({ ifname, addr_info }: IpLink): readonly KernelAddress[] {
  return addr_info.flatMap(({ local, prefixlen, dadfailed, dynamic }) => {
    if (local === undefined) return [];
    return {
      link: ifname,
      address: local,
      prefixLength: prefixlen,
      isDuplicate: dadfailed,
      ...(dynamic ? { isDynamic: true } : {}),
    };
  });
}

type IpRoute = v.InferOutput<ReturnType<typeof routesSchema>>[number];

/** RTN_UNICAST, RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT, RTN_THROW: linux/rtnetlink.h */
const routeTypes: Readonly<Record<string, KernelRoute["type"]>> = {
  1: "unicast",
  6: "unreachable",
  7: "unreachable",
  8: "unreachable",
  9: "throw",
};

/** A route for each hop of an `ip route` entry; none for local, broadcast and multicast routes. */
function toKernelRoutes(route: IpRoute, family: Family): readonly KernelRoute[] {
  const type = routeTypes[route.type];
  if (type === undefined) return [];
  // `ip` shows the link `lo` for an IPv6 blackhole or the like, and no link for IPv4
  const hops = type === "unicast" ? (route.nexthops ?? [route]) : [{}];
  return hops.map(({ dev, gateway, via }: Partial<IpRoute>) => ({
    family,
    type,
    destination: route.dst,
    gateway: gateway ?? via?.host ?? null,
    link: dev ?? null,
    table: route.table,
    metric: route.metric,
  }));
}

type IpRule = v.InferOutput<typeof rulesSchema>[number];

/** The members of a rule that `KernelRule` can express. */
const knownMembers: readonly string[] = Object.keys(rulesSchema.item.entries);

/** Converts one entry of `ip rule`. With an unknown condition, `isPlain` is false. */
function toKernelRule(rule: IpRule, family: Family): KernelRule {
  const from = parseSelector(rule.src, rule.srclen, family);
  const to = parseSelector(rule.dst, rule.dstlen, family);
  const isUnderstood = from !== undefined && to !== undefined;
  return {
    family,
    priority: rule.priority,
    from: from ?? null,
    to: to ?? null,
    table: rule.table,
    suppressPrefixLength: rule.suppress_prefixlen ?? null,
    suppressGroup: rule.suppress_ifgroup ?? null,
    isPlain: isUnderstood && Object.keys(rule).every((member) => knownMembers.includes(member)),
  };
}

/** null for anywhere; undefined if not canonical (`10.0.0.5/24`, which the kernel accepts). */
function parseSelector(
  text: string,
  length: number | undefined,
  family: Family,
): string | null | undefined {
  if (text === "all") return null;
  const address = family === 4 ? parseIpv4(text) : parseIpv6(text);
  if (address === null) return undefined;
  if (length === undefined) return hostCidr(address);
  return parseCidr(`${address}/${length}`, family) ?? undefined;
}
