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

type IdOf = (name: string) => string;

/** What says nothing of whether a rule fits, and changes nothing that matters here. */
const harmless: readonly string[] = ["counter", "log", "mangle", "notrack", "ct count"];

/**
 * A rule of `nft -j`; several where its verdict depends on a map. What it does not understand
 * becomes a condition that cannot be judged.
 */
function parseNftRule(rule: NftRule, sets: NftSets, idOf: IdOf): readonly FirewallRule[] {
  const { family, table, chain, handle, expr } = rule;
  const remove = `nft delete rule ${family} ${table} ${chain} handle ${handle}`;
  const conditions: FirewallCondition[] = [];
  for (const statement of expr) {
    const [kind = "", body] = Object.entries(statement)[0] ?? [];
    const action = actionOf(kind, body, idOf);
    if (action !== null) return [{ conditions, action, remove }];
    if (kind === "vmap") return mapped(body, sets, idOf).map(join(conditions, remove));
    if (kind === "match") conditions.push(conditionOf(body, sets, idOf));
    else if (!harmless.includes(kind) && !isComment(body)) conditions.push(unknown);
  }
  return [];
}

const unknown: FirewallCondition = { field: "other", isNegated: false, values: null };

function join(conditions: readonly FirewallCondition[], remove: string) {
  return ({ condition, action }: Mapped): FirewallRule => {
    return { conditions: [...conditions, condition], action, remove };
  };
}

const targetSchema = v.object({ target: v.string() });

const xtSchema = v.object({ type: v.string(), name: v.string() });

function actionOf(kind: string, body: unknown, idOf: IdOf): FirewallAction | null {
  if (kind === "accept" || kind === "drop" || kind === "reject" || kind === "return") {
    return { kind };
  }
  if (kind === "jump" || kind === "goto") {
    const target = v.safeParse(targetSchema, body);
    return target.success ? { kind, target: idOf(target.output.target) } : null;
  }
  const isReject = kind === "xt" && v.is(xtSchema, body) && body.name === "REJECT";
  return isReject ? { kind: "reject" } : null;
}

/** iptables keeps what nft cannot say as `xt`; a comment is not a condition. */
function isComment(body: unknown): boolean {
  return v.is(xtSchema, body) && body.type === "match" && body.name === "comment";
}

interface Mapped {
  readonly condition: FirewallCondition;
  readonly action: FirewallAction;
}

const mapSchema = v.object({
  key: v.unknown(),
  data: v.object({ set: v.array(v.tuple([v.unknown(), v.record(v.string(), v.unknown())])) }),
});

function mapped(body: unknown, sets: NftSets, idOf: IdOf): readonly Mapped[] {
  const map = v.safeParse(mapSchema, body);
  if (!map.success) return [];
  const { key, data } = map.output;
  return data.set.flatMap(([value, verdict]) => {
    const [kind = "", of] = Object.entries(verdict)[0] ?? [];
    const action = actionOf(kind, of, idOf);
    const condition = conditionOf({ op: "==", left: key, right: value }, sets, idOf);
    return action === null ? [] : [{ condition, action }];
  });
}

const matchSchema = v.object({ op: v.string(), left: v.unknown(), right: v.unknown() });

function conditionOf(body: unknown, sets: NftSets, idOf: IdOf): FirewallCondition {
  const match = v.safeParse(matchSchema, body);
  if (!match.success) return unknown;
  const { op, left, right } = match.output;
  const field = fieldOf(left);
  const values = valuesOf(right, sets, idOf);
  if (field === null || values === null || !["==", "!=", "in"].includes(op)) return unknown;
  return { field, isNegated: op === "!=", values };
}

const fields: readonly (readonly [v.GenericSchema, FirewallField])[] = [
  [payload("ip", "daddr"), "daddr"],
  [payload("ip6", "daddr"), "daddr"],
  [payload("ip", "saddr"), "saddr"],
  [payload("ip6", "saddr"), "saddr"],
  [payload("ip", "protocol"), "protocol"],
  [payload("ip6", "nexthdr"), "protocol"],
  [payload("tcp", "dport"), "dport"],
  [payload("th", "dport"), "dport"],
  [payload("tcp", "sport"), "sport"],
  [payload("th", "sport"), "sport"],
  [meta("oifname"), "oif"],
  [meta("oif"), "oif"],
  [meta("iifname"), "iif"],
  [meta("iif"), "iif"],
  [meta("l4proto"), "protocol"],
  [meta("nfproto"), "family"],
  [meta("skuid"), "uid"],
  [v.object({ ct: v.object({ key: v.literal("state") }) }), "state"],
];

function payload(protocol: string, field: string) {
  return v.object({
    payload: v.object({ protocol: v.literal(protocol), field: v.literal(field) }),
  });
}

function meta(key: string) {
  return v.object({ meta: v.object({ key: v.literal(key) }) });
}

function fieldOf(left: unknown): FirewallField | null {
  return fields.find(([schema]) => v.is(schema, left))?.[1] ?? null;
}

const prefixSchema = v.object({ prefix: v.object({ addr: v.string(), len: v.number() }) });

const word = v.union([v.string(), v.number()]);

const rangeSchema = v.object({ range: v.tuple([word, word]) });

const setSchema = v.object({ set: v.array(v.unknown()) });

const elementSchema = v.object({ elem: v.object({ val: v.unknown() }) });

/** null: not a list of plain values. */
function valuesOf(right: unknown, sets: NftSets, idOf: IdOf): readonly string[] | null {
  if (typeof right === "string" && right.startsWith("@")) {
    const elements = sets.get(idOf(right.slice(1)));
    return elements === undefined ? null : valuesOf([...elements], sets, idOf);
  }
  if (typeof right === "string" || typeof right === "number") return [String(right)];
  if (Array.isArray(right)) {
    const values = right.map((each) => valuesOf(each, sets, idOf));
    return values.includes(null) ? null : values.flatMap((each) => each ?? []);
  }
  if (v.is(setSchema, right)) return valuesOf(right.set, sets, idOf);
  if (v.is(elementSchema, right)) return valuesOf(right.elem.val, sets, idOf);
  if (v.is(prefixSchema, right)) return [`${right.prefix.addr}/${right.prefix.len}`];
  return v.is(rangeSchema, right) ? [right.range.join("-")] : null;
}

const inTable = { family: v.string(), table: v.string() };

/** What `nft -j list ruleset` prints, as far as it is used (libnftables-json(5)). */
export const nftablesSchema = v.array(
  v.object({
    chain: v.optional(
      v.object({
        ...inTable,
        name: v.string(),
        type: v.optional(v.string()),
        hook: v.optional(v.string()),
        policy: v.optional(v.string(), "accept"),
      }),
    ),
    set: v.optional(
      v.object({ ...inTable, name: v.string(), elem: v.optional(v.array(v.unknown()), []) }),
    ),
    rule: v.optional(
      v.object({
        ...inTable,
        chain: v.string(),
        handle: v.number(),
        expr: v.optional(v.array(v.record(v.string(), v.unknown())), []),
      }),
    ),
  }),
);

type NftChain = NonNullable<v.InferOutput<typeof nftablesSchema>[number]["chain"]>;

const familiesOf: Readonly<Record<string, FirewallChain["families"]>> = {
  ip: ["ipv4"],
  ip6: ["ipv6"],
  inet: ["ipv4", "ipv6"],
};

/** The chains of the families that IP packets pass, without those that only translate addresses. */
export function parseNftables(
  ruleset: v.InferOutput<typeof nftablesSchema>,
): readonly FirewallChain[] {
  const sets: NftSets = new Map(
    ruleset.flatMap(({ set }) => (set === undefined ? [] : [[idOf(set, set.name), set.elem]])),
  );
  const rules = ruleset.flatMap(({ rule }) => rule ?? []);
  return ruleset.flatMap(({ chain }) => {
    const families = familiesOf[chain?.family ?? ""];
    if (chain === undefined || families === undefined || chain.type === "nat") return [];
    const id = idOf(chain, chain.name);
    const own = rules.filter((rule) => idOf(rule, rule.chain) === id);
    return { ...chainOf(chain), id, families, rules: own.flatMap((rule) => rulesOf(rule, sets)) };
  });
}

function chainOf(chain: NftChain): Omit<FirewallChain, "id" | "families" | "rules"> {
  const name = `${chain.family} ${chain.table} ${chain.name}`;
  return {
    name,
    hook: chain.hook ?? null,
    policy: chain.policy === "drop" ? "drop" : "accept",
    accept: (packet) => `nft insert rule ${name} ${acceptWords(packet)}`,
  };
}

function rulesOf(rule: NftRule, sets: NftSets): readonly FirewallRule[] {
  return parseNftRule(rule, sets, (chain) => idOf(rule, chain));
}

function idOf({ family, table }: { family: string; table: string }, name: string): string {
  return `${family} ${table} ${name}`;
}

function acceptWords({ direction, values }: FirewallPacket): string {
  const ip = values.family === "ipv6" ? "ip6" : "ip";
  return direction === "out"
    ? `${ip} daddr ${values.daddr} tcp dport ${values.dport} accept`
    : `${ip} saddr ${values.saddr} tcp sport ${values.sport} accept`;
}
