import * as v from "valibot";
import type { FirewallChain, FirewallPacket, FirewallRule } from "../../model/firewall.ts";
import { type NftRule, type NftSets, parseNftRule } from "./parse-nft-rule.ts";

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
