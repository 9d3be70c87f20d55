import * as v from "valibot";
import type {
  FirewallAction,
  FirewallChain,
  FirewallCondition,
  FirewallField,
  FirewallPacket,
  FirewallRule,
} from "../../model/firewall.ts";

const inTable = { family: v.string(), table: v.string() };

/** The used part of the output of `nft -j list ruleset` (libnftables-json(5)). */
export const nftablesSchema = v.array(
  v.partial(
    v.object({
      chain: v.object({
        ...inTable,
        name: v.string(),
        type: v.optional(v.string()),
        hook: v.optional(v.string()),
        policy: v.optional(v.string(), "accept"),
      }),
      set: v.object({ ...inTable, name: v.string(), elem: v.optional(v.array(v.unknown()), []) }),
      rule: v.object({
        ...inTable,
        chain: v.string(),
        handle: v.number(),
        expr: v.optional(v.array(v.record(v.string(), v.unknown())), []),
      }),
    }),
  ),
);

type Ruleset = v.InferOutput<typeof nftablesSchema>;
type NftRule = NonNullable<Ruleset[number]["rule"]>;

/** The elements of each named set, by the full name of the set. */
type NamedSets = ReadonlyMap<string, readonly unknown[]>;

/** The table of a rule, because chains and sets belong to a table. */
interface Scope {
  readonly family: string;
  readonly table: string;
  readonly sets: NamedSets;
}

const familiesByTable: Readonly<Record<string, FirewallChain["families"]>> = {
  ip: ["ipv4"],
  ip6: ["ipv6"],
  inet: ["ipv4", "ipv6"],
};

/** The chains that IP packets traverse, without chains of `nat`, which only translate addresses. */
export function parseNftables(ruleset: Ruleset): readonly FirewallChain[] {
  const sets: NamedSets = new Map(
    ruleset.flatMap(({ set }) => (set === undefined ? [] : [[fullName(set, set.name), set.elem]])),
  );
  const rules = ruleset.flatMap(({ rule }) => rule ?? []);
  return ruleset.flatMap(({ chain }) => {
    const families = familiesByTable[chain?.family ?? ""];
    if (chain === undefined || families === undefined || chain.type === "nat") return [];
    const name = fullName(chain, chain.name);
    const ownRules = rules.filter((rule) => fullName(rule, rule.chain) === name);
    return {
      id: name,
      name,
      hook: chain.hook ?? null,
      policy: chain.policy === "drop" ? "drop" : "accept",
      families,
      rules: ownRules.flatMap((rule) => parseRule(rule, sets)),
      accept: (packet) => `nft insert rule ${name} ${formatAcceptRule(packet)}`,
      list: `nft list chain ${name}`,
    };
  });
}

function fullName({ family, table }: Pick<Scope, "family" | "table">, name: string): string {
  return `${family} ${table} ${name}`;
}

function formatAcceptRule({ direction, values }: FirewallPacket): string {
  const ip = values.family === "ipv6" ? "ip6" : "ip";
  return direction === "out"
    ? `${ip} daddr ${values.daddr} tcp dport ${values.dport} accept`
    : `${ip} saddr ${values.saddr} tcp sport ${values.sport} accept`;
}

/** Statements that are not conditions and do not decide about a packet. */
const ignoredStatements: readonly string[] = ["counter", "log", "mangle", "notrack", "ct count"];

/** A verdict map becomes several rules. An unknown statement becomes a condition. */
function parseRule(rule: NftRule, sets: NamedSets): readonly FirewallRule[] {
  const { family, table, chain, handle, expr } = rule;
  const remove = `nft delete rule ${family} ${table} ${chain} handle ${handle}`;
  const scope = { family, table, sets };
  const conditions: FirewallCondition[] = [];
  for (const statement of expr) {
    const [kind = "", body] = Object.entries(statement)[0] ?? [];
    const action = parseAction(kind, body, scope);
    if (action !== null) return [{ conditions, action, remove }];
    if (kind === "vmap") {
      return parseVerdictMap(body, scope).map((mapped) => {
        return { ...mapped, conditions: [...conditions, ...mapped.conditions], remove };
      });
    }
    if (kind === "match") conditions.push(parseCondition(body, scope));
    else if (!ignoredStatements.includes(kind) && !isComment(body)) conditions.push(notUnderstood);
  }
  return [];
}

const notUnderstood: FirewallCondition = { field: "other", isNegated: false, values: null };

const targetSchema = v.object({ target: v.string() });

/** An extension of iptables, which nft cannot express itself. */
const xtSchema = v.object({ type: v.string(), name: v.string() });

function parseAction(kind: string, body: unknown, scope: Scope): FirewallAction | null {
  if (kind === "accept" || kind === "drop" || kind === "reject" || kind === "return") {
    return { kind };
  }
  if ((kind === "jump" || kind === "goto") && v.is(targetSchema, body)) {
    return { kind, target: fullName(scope, body.target) };
  }
  const isReject = kind === "xt" && v.is(xtSchema, body) && body.name === "REJECT";
  return isReject ? { kind: "reject" } : null;
}

function isComment(body: unknown): boolean {
  return v.is(xtSchema, body) && body.type === "match" && body.name === "comment";
}

const verdictMapSchema = v.object({
  key: v.unknown(),
  data: v.object({ set: v.array(v.tuple([v.unknown(), v.record(v.string(), v.unknown())])) }),
});

function parseVerdictMap(body: unknown, scope: Scope): readonly Omit<FirewallRule, "remove">[] {
  if (!v.is(verdictMapSchema, body)) return [];
  return body.data.set.flatMap(([value, verdict]) => {
    const [kind = "", verdictBody] = Object.entries(verdict)[0] ?? [];
    const action = parseAction(kind, verdictBody, scope);
    const condition = parseCondition({ op: "==", left: body.key, right: value }, scope);
    return action === null ? [] : { conditions: [condition], action };
  });
}

const matchSchema = v.object({ op: v.string(), left: v.unknown(), right: v.unknown() });

function parseCondition(body: unknown, scope: Scope): FirewallCondition {
  if (!v.is(matchSchema, body) || !["==", "!=", "in"].includes(body.op)) return notUnderstood;
  const field = parseField(body.left);
  const values = parseValues(body.right, scope);
  if (field === null || values === null) return notUnderstood;
  return { field, isNegated: body.op === "!=", values };
}

const payloadSchema = v.object({ payload: v.object({ protocol: v.string(), field: v.string() }) });
const metaSchema = v.object({ meta: v.object({ key: v.string() }) });
const ctSchema = v.object({ ct: v.object({ key: v.string() }) });

/** The fields by the left side of a match, as nft writes it. */
const fields: Readonly<Record<string, FirewallField>> = {
  "ip daddr": "daddr",
  "ip6 daddr": "daddr",
  "ip saddr": "saddr",
  "ip6 saddr": "saddr",
  "ip protocol": "protocol",
  "ip6 nexthdr": "protocol",
  "tcp dport": "dport",
  "th dport": "dport",
  "tcp sport": "sport",
  "th sport": "sport",
  "meta oifname": "oif",
  "meta oif": "oif",
  "meta iifname": "iif",
  "meta iif": "iif",
  "meta l4proto": "protocol",
  "meta nfproto": "family",
  "meta skuid": "uid",
  "ct state": "state",
};

function parseField(left: unknown): FirewallField | null {
  const find = (kind: string, key: string) => fields[`${kind} ${key}`] ?? null;
  if (v.is(payloadSchema, left)) return find(left.payload.protocol, left.payload.field);
  if (v.is(metaSchema, left)) return find("meta", left.meta.key);
  return v.is(ctSchema, left) ? find("ct", left.ct.key) : null;
}

const scalarSchema = v.union([v.string(), v.number()]);
const setSchema = v.object({ set: v.array(v.unknown()) });
const elementSchema = v.object({ elem: v.object({ val: v.unknown() }) });
const prefixSchema = v.object({ prefix: v.object({ addr: v.string(), len: v.number() }) });
const rangeSchema = v.object({ range: v.tuple([scalarSchema, scalarSchema]) });

/** The values on the right side of a match: one, a list or a set; null if not understood. */
function parseValues(right: unknown, scope: Scope): readonly string[] | null {
  if (typeof right === "string" && right.startsWith("@")) {
    const elements = scope.sets.get(fullName(scope, right.slice(1)));
    return elements === undefined ? null : parseValues([...elements], scope);
  }
  if (v.is(scalarSchema, right)) return [String(right)];
  if (Array.isArray(right)) {
    const values = right.map((each) => parseValues(each, scope));
    return values.includes(null) ? null : values.flatMap((each) => each ?? []);
  }
  if (v.is(setSchema, right)) return parseValues(right.set, scope);
  if (v.is(elementSchema, right)) return parseValues(right.elem.val, scope);
  if (v.is(prefixSchema, right)) return [`${right.prefix.addr}/${right.prefix.len}`];
  return v.is(rangeSchema, right) ? [right.range.join("-")] : null;
}
