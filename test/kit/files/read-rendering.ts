import * as v from "valibot";
import { macOfManagedPath } from "../../../src/model/managed-paths.ts";
import type { ConfigFile } from "../../../src/model/plan.ts";

/** What the rendered files of one NIC say, whichever backend they are for. Sorted texts. */
export interface ReadNic {
  /** With prefix length. */
  readonly addresses: readonly string[];
  readonly metrics: readonly string[];
  /** `10.0.1.0/24 table 10001`, `0.0.0.0/0 via 10.0.1.1 table 10001`, `throw 10.0.1.32/28 …` */
  readonly routes: readonly string[];
  readonly rules: readonly ReadRule[];
  readonly families: readonly ("dhcp4" | "dhcp6")[];
}

export interface ReadRule {
  readonly from: string;
  readonly table: number;
  readonly priority: number;
  /** What the rule ignores: `suppress_prefixlength 1`, `suppress_ifgroup 10000`. */
  readonly suppressed: readonly string[];
}

/** Reads rendered files back, by MAC. It is independent of the renderers, so that it can contradict them. */
export function readRendering(files: readonly ConfigFile[]): ReadonlyMap<string, ReadNic> {
  const byMac = new Map<string, ReadNic>();
  for (const { path, content } of files) {
    const mac = macOfManagedPath(path);
    if (mac === null) continue;
    const nic = path.endsWith(".yaml") ? readYaml(content) : readIni(content);
    byMac.set(mac, mergeNics(byMac.get(mac) ?? emptyNic, nic));
  }
  return byMac;
}

const emptyNic: ReadNic = { addresses: [], metrics: [], routes: [], rules: [], families: [] };

function mergeNics(left: ReadNic, right: ReadNic): ReadNic {
  return {
    addresses: sortedSet([...left.addresses, ...right.addresses]),
    metrics: sortedSet([...left.metrics, ...right.metrics]),
    routes: sortedSet([...left.routes, ...right.routes]),
    rules: [...left.rules, ...right.rules].toSorted((a, b) =>
      textOfRule(a) < textOfRule(b) ? -1 : 1,
    ),
    families: [...new Set([...left.families, ...right.families])].toSorted(),
  };
}

function sortedSet(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].toSorted();
}

function textOfRule({ from, priority, suppressed }: ReadRule): string {
  return `${from} ${priority} ${suppressed.join(" ")}`;
}

function formatRoute(destination: string, options: Readonly<Record<string, string | undefined>>) {
  const { type, via, table } = options;
  const gateway = via === undefined ? "" : ` via ${via}`;
  return `${type === "throw" ? "throw " : ""}${destination}${gateway} table ${table}`;
}

type Section = readonly (readonly [string, string])[];

/** A systemd unit, or a keyfile of NetworkManager: both have sections with `key=value`. */
function readIni(text: string): ReadNic {
  const parts = text.split(/^\[(\w+)\]$/m).slice(1);
  const sections = parts.flatMap((name, at) => {
    const lines = (parts[at + 1] ?? "").split("\n").filter((line) => /^[\w-]+=/.test(line));
    const entries = lines.map((line): readonly [string, string] => {
      const end = line.indexOf("=");
      return [line.slice(0, end), line.slice(end + 1)];
    });
    return at % 2 === 0 ? [[name, entries] as const] : [];
  });
  return sections
    .map(([name, entries]) =>
      name === "ipv4" || name === "ipv6" ? readKeyfile(name, entries) : readUnit(name, entries),
    )
    .reduce(mergeNics, emptyNic);
}

function readUnit(name: string, section: Section): ReadNic {
  const value = Object.fromEntries(section);
  const metrics = name === "Route" ? [] : [value["RouteMetric"]];
  const dhcp = { yes: ["dhcp4", "dhcp6"], ipv4: ["dhcp4"], ipv6: ["dhcp6"] } as const;
  const isRoute = name === "Route" && value["Gateway"] !== "_ipv6ra";
  const options = { type: value["Type"], via: value["Gateway"], table: value["Table"] };
  return {
    addresses: [value["Address"]].filter((each) => each !== undefined),
    metrics: metrics.filter((each) => each !== undefined),
    routes: isRoute ? [formatRoute(value["Destination"] ?? "", options)] : [],
    rules: name === "RoutingPolicyRule" ? [unitRule(value)] : [],
    families: Object.entries(dhcp).flatMap(([word, each]) => (value["DHCP"] === word ? each : [])),
  };
}

function unitRule(value: Readonly<Record<string, string | undefined>>): ReadRule {
  const { SuppressPrefixLength: length, SuppressInterfaceGroup: group } = value;
  return {
    from: value["From"] ?? "",
    table: Number(value["Table"]),
    priority: Number(value["Priority"]),
    suppressed: [
      ...(length === undefined ? [] : [`suppress_prefixlength ${length}`]),
      ...(group === undefined ? [] : [`suppress_ifgroup ${group}`]),
    ],
  };
}

/** `[ipv4]` and `[ipv6]` of a keyfile; netplan's passthrough has the same keys. */
function readKeyfile(name: "ipv4" | "ipv6", section: Section): ReadNic {
  const value = Object.fromEntries(section);
  const matching = (pattern: RegExp) => section.filter(([key]) => pattern.test(key));
  const routes = matching(/^route\d+$/).map(([key, text]) => {
    const [destination = "", via] = text.split(",");
    const options = (value[`${key}_options`] ?? "").split(",").map((each) => each.split("="));
    return formatRoute(destination, { ...Object.fromEntries(options), via });
  });
  const isAuto = value["method"] === "auto";
  return {
    addresses: matching(/^address\d+$/).map(([, text]) => text),
    metrics: matching(/^route-metric$/).map(([, text]) => text),
    routes,
    rules: matching(/^routing-rule\d+$/).map(([, text]) => keyfileRule(text)),
    families: isAuto ? [name === "ipv4" ? "dhcp4" : "dhcp6"] : [],
  };
}

function keyfileRule(text: string): ReadRule {
  const pattern = /^priority (\d+) from (\S+) table (\d+)(?: (suppress_prefixlength \d+))?$/;
  const [whole, priority, from = "", table, suppressed] = pattern.exec(text) ?? [];
  if (whole === undefined) throw new Error(`not a rule: ${text}`);
  const more = suppressed === undefined ? [] : [suppressed];
  return { from, table: Number(table), priority: Number(priority), suppressed: more };
}

const routeSchema = v.object({
  to: v.string(),
  via: v.optional(v.string()),
  type: v.optional(v.string()),
  table: v.number(),
});
const overridesSchema = v.optional(v.object({ "route-metric": v.optional(v.number()) }), {});
const netplanSchema = v.object({
  network: v.object({
    ethernets: v.record(
      v.string(),
      v.object({
        dhcp4: v.boolean(),
        dhcp6: v.boolean(),
        "dhcp4-overrides": overridesSchema,
        "dhcp6-overrides": overridesSchema,
        addresses: v.optional(
          v.array(v.union([v.string(), v.record(v.string(), v.unknown())])),
          [],
        ),
        routes: v.optional(v.array(routeSchema), []),
        "routing-policy": v.optional(
          v.array(v.object({ from: v.string(), table: v.number(), priority: v.number() })),
          [],
        ),
        networkmanager: v.optional(
          v.object({ passthrough: v.optional(v.record(v.string(), v.string()), {}) }),
          {},
        ),
      }),
    ),
  }),
});

function readYaml(text: string): ReadNic {
  const { network } = v.parse(netplanSchema, Bun.YAML.parse(text));
  return Object.values(network.ethernets)
    .map((nic): ReadNic => {
      const overrides = [nic["dhcp4-overrides"], nic["dhcp6-overrides"]];
      const passthrough = Object.entries(nic.networkmanager.passthrough ?? {});
      const ofFamily = (name: "ipv4" | "ipv6"): ReadNic => {
        const own = passthrough.filter(([key]) => key.startsWith(`${name}.`));
        return readKeyfile(
          name,
          own.map(([key, value]) => [key.slice(5), value]),
        );
      };
      const own: ReadNic = {
        addresses: nic.addresses.map((each) =>
          typeof each === "string" ? each : (Object.keys(each)[0] ?? ""),
        ),
        metrics: overrides.flatMap((each) =>
          each["route-metric"] === undefined ? [] : [`${each["route-metric"]}`],
        ),
        routes: nic.routes.map(({ to, table, ...rest }) =>
          formatRoute(to, { ...rest, table: `${table}` }),
        ),
        rules: nic["routing-policy"].map((rule) => ({ ...rule, suppressed: [] })),
        families: [
          ...(nic.dhcp4 ? (["dhcp4"] as const) : []),
          ...(nic.dhcp6 ? (["dhcp6"] as const) : []),
        ],
      };
      return [own, ofFamily("ipv4"), ofFamily("ipv6")].reduce(mergeNics, emptyNic);
    })
    .reduce(mergeNics, emptyNic);
}
