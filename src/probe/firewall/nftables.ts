import * as v from "valibot";
import type {
  FirewallAction,
  FirewallChain,
  FirewallCondition,
  FirewallField,
  FirewallPacket,
  FirewallRule,
} from "../../model/firewall.ts";

interface NftRule {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly handle: number;
  readonly expr: readonly Readonly<Record<string, unknown>>[];
}

/** The id of a named set → its elements. */
type NftSets = ReadonlyMap<string, readonly unknown[]>;

type ResolveId = (name: string) => string;

/** What says nothing of whether a rule fits, and changes nothing that matters here. */
const ignoredStatements: readonly string[] = ["counter", "log", "mangle", "notrack", "ct count"];

/**
 * A rule of `nft -j`; several where its verdict depends on a map. What it does not understand
 * becomes a condition that cannot be judged.
 */
function parseNftRule(rule: NftRule, sets: NftSets, resolveId: ResolveId): readonly FirewallRule[] {
  const { family, table, chain, handle, expr } = rule;
  const remove = `nft delete rule ${family} ${table} ${chain} handle ${handle}`;
  const conditions: FirewallCondition[] = [];
  for (const statement of expr) {
    const [kind = "", body] = Object.entries(statement)[0] ?? [];
    const action = parseAction(kind, body, resolveId);
    if (action !== null) return [{ conditions, action, remove }];
    if (kind === "vmap")
      return parseVerdictMap(body, sets, resolveId).map(createRuleBuilder(conditions, remove));
    if (kind === "match") conditions.push(parseCondition(body, sets, resolveId));
    else if (!ignoredStatements.includes(kind) && !isComment(body))
      conditions.push(unknownCondition);
  }
  return [];
}

const unknownCondition: FirewallCondition = { field: "other", isNegated: false, values: null };

function createRuleBuilder(conditions: readonly FirewallCondition[], remove: string) {
  return ({ condition, action }: VerdictMapEntry): FirewallRule => {
    return { conditions: [...conditions, condition], action, remove };
  };
}

const targetSchema = v.object({ target: v.string() });

const xtSchema = v.object({ type: v.string(), name: v.string() });

function parseAction(kind: string, body: unknown, resolveId: ResolveId): FirewallAction | null {
  if (kind === "accept" || kind === "drop" || kind === "reject" || kind === "return") {
    return { kind };
  }
  if (kind === "jump" || kind === "goto") {
    const target = v.safeParse(targetSchema, body);
    return target.success ? { kind, target: resolveId(target.output.target) } : null;
  }
  const isReject = kind === "xt" && v.is(xtSchema, body) && body.name === "REJECT";
  return isReject ? { kind: "reject" } : null;
}

/** iptables keeps what nft cannot say as `xt`; a comment is not a condition. */
function isComment(body: unknown): boolean {
  return v.is(xtSchema, body) && body.type === "match" && body.name === "comment";
}

interface VerdictMapEntry {
  readonly condition: FirewallCondition;
  readonly action: FirewallAction;
}

const mapSchema = v.object({
  key: v.unknown(),
  data: v.object({ set: v.array(v.tuple([v.unknown(), v.record(v.string(), v.unknown())])) }),
});

function parseVerdictMap(
  body: unknown,
  sets: NftSets,
  resolveId: ResolveId,
): readonly VerdictMapEntry[] {
  const map = v.safeParse(mapSchema, body);
  if (!map.success) return [];
  const { key, data } = map.output;
  return data.set.flatMap(([value, verdict]) => {
    const [kind = "", verdictBody] = Object.entries(verdict)[0] ?? [];
    const action = parseAction(kind, verdictBody, resolveId);
    const condition = parseCondition({ op: "==", left: key, right: value }, sets, resolveId);
    return action === null ? [] : [{ condition, action }];
  });
}

const matchSchema = v.object({ op: v.string(), left: v.unknown(), right: v.unknown() });

function parseCondition(body: unknown, sets: NftSets, resolveId: ResolveId): FirewallCondition {
  const match = v.safeParse(matchSchema, body);
  if (!match.success) return unknownCondition;
  const { op, left, right } = match.output;
  const field = findField(left);
  const values = parseValues(right, sets, resolveId);
  if (field === null || values === null || !["==", "!=", "in"].includes(op))
    return unknownCondition;
  return { field, isNegated: op === "!=", values };
}

const fieldSchemas: readonly (readonly [v.GenericSchema, FirewallField])[] = [
  [payloadSchema("ip", "daddr"), "daddr"],
  [payloadSchema("ip6", "daddr"), "daddr"],
  [payloadSchema("ip", "saddr"), "saddr"],
  [payloadSchema("ip6", "saddr"), "saddr"],
  [payloadSchema("ip", "protocol"), "protocol"],
  [payloadSchema("ip6", "nexthdr"), "protocol"],
  [payloadSchema("tcp", "dport"), "dport"],
  [payloadSchema("th", "dport"), "dport"],
  [payloadSchema("tcp", "sport"), "sport"],
  [payloadSchema("th", "sport"), "sport"],
  [metaSchema("oifname"), "oif"],
  [metaSchema("oif"), "oif"],
  [metaSchema("iifname"), "iif"],
  [metaSchema("iif"), "iif"],
  [metaSchema("l4proto"), "protocol"],
  [metaSchema("nfproto"), "family"],
  [metaSchema("skuid"), "uid"],
  [v.object({ ct: v.object({ key: v.literal("state") }) }), "state"],
];

function payloadSchema(protocol: string, field: string) {
  return v.object({
    payload: v.object({ protocol: v.literal(protocol), field: v.literal(field) }),
  });
}

function metaSchema(key: string) {
  return v.object({ meta: v.object({ key: v.literal(key) }) });
}

function findField(left: unknown): FirewallField | null {
  return fieldSchemas.find(([schema]) => v.is(schema, left))?.[1] ?? null;
}

const prefixSchema = v.object({ prefix: v.object({ addr: v.string(), len: v.number() }) });

const scalarSchema = v.union([v.string(), v.number()]);

const rangeSchema = v.object({ range: v.tuple([scalarSchema, scalarSchema]) });

const setSchema = v.object({ set: v.array(v.unknown()) });

const elementSchema = v.object({ elem: v.object({ val: v.unknown() }) });

/** null: not a list of plain values. */
function parseValues(
  right: unknown,
  sets: NftSets,
  resolveId: ResolveId,
): readonly string[] | null {
  if (typeof right === "string" && right.startsWith("@")) {
    const elements = sets.get(resolveId(right.slice(1)));
    return elements === undefined ? null : parseValues([...elements], sets, resolveId);
  }
  if (typeof right === "string" || typeof right === "number") return [String(right)];
  if (Array.isArray(right)) {
    const values = right.map((each) => parseValues(each, sets, resolveId));
    return values.includes(null) ? null : values.flatMap((each) => each ?? []);
  }
  if (v.is(setSchema, right)) return parseValues(right.set, sets, resolveId);
  if (v.is(elementSchema, right)) return parseValues(right.elem.val, sets, resolveId);
  if (v.is(prefixSchema, right)) return [`${right.prefix.addr}/${right.prefix.len}`];
  return v.is(rangeSchema, right) ? [right.range.join("-")] : null;
}

const tableEntries = { family: v.string(), table: v.string() };

/** What `nft -j list ruleset` prints, as far as it is used (libnftables-json(5)). */
export const nftablesSchema = v.array(
  v.object({
    chain: v.optional(
      v.object({
        ...tableEntries,
        name: v.string(),
        type: v.optional(v.string()),
        hook: v.optional(v.string()),
        policy: v.optional(v.string(), "accept"),
      }),
    ),
    set: v.optional(
      v.object({ ...tableEntries, name: v.string(), elem: v.optional(v.array(v.unknown()), []) }),
    ),
    rule: v.optional(
      v.object({
        ...tableEntries,
        chain: v.string(),
        handle: v.number(),
        expr: v.optional(v.array(v.record(v.string(), v.unknown())), []),
      }),
    ),
  }),
);

type NftChain = NonNullable<v.InferOutput<typeof nftablesSchema>[number]["chain"]>;

const familiesByTable: Readonly<Record<string, FirewallChain["families"]>> = {
  ip: ["ipv4"],
  ip6: ["ipv6"],
  inet: ["ipv4", "ipv6"],
};

/** The chains of the families that IP packets pass, without those that only translate addresses. */
export function parseNftables(
  ruleset: v.InferOutput<typeof nftablesSchema>,
): readonly FirewallChain[] {
  const sets: NftSets = new Map(
    ruleset.flatMap(({ set }) => (set === undefined ? [] : [[buildId(set, set.name), set.elem]])),
  );
  const rules = ruleset.flatMap(({ rule }) => rule ?? []);
  return ruleset.flatMap(({ chain }) => {
    const families = familiesByTable[chain?.family ?? ""];
    if (chain === undefined || families === undefined || chain.type === "nat") return [];
    const id = buildId(chain, chain.name);
    const ownRules = rules.filter((rule) => buildId(rule, rule.chain) === id);
    return {
      ...toChain(chain),
      id,
      families,
      rules: ownRules.flatMap((rule) => parseRules(rule, sets)),
    };
  });
}

function toChain(chain: NftChain): Omit<FirewallChain, "id" | "families" | "rules"> {
  const name = `${chain.family} ${chain.table} ${chain.name}`;
  return {
    name,
    hook: chain.hook ?? null,
    policy: chain.policy === "drop" ? "drop" : "accept",
    accept: (packet) => `nft insert rule ${name} ${formatAcceptRule(packet)}`,
  };
}

function parseRules(rule: NftRule, sets: NftSets): readonly FirewallRule[] {
  return parseNftRule(rule, sets, (chain) => buildId(rule, chain));
}

function buildId({ family, table }: { family: string; table: string }, name: string): string {
  return `${family} ${table} ${name}`;
}

function formatAcceptRule({ direction, values }: FirewallPacket): string {
  const ip = values.family === "ipv6" ? "ip6" : "ip";
  return direction === "out"
    ? `${ip} daddr ${values.daddr} tcp dport ${values.dport} accept`
    : `${ip} saddr ${values.saddr} tcp sport ${values.sport} accept`;
}
