import type {
  FirewallAction,
  FirewallChain,
  FirewallCondition,
  FirewallPacket,
  FirewallRule,
} from "../../model/firewall.ts";

export type Iptables = "iptables" | "ip6tables";

/** Parses the output of `iptables-save` or `ip6tables-save`, without `nat`: it only translates. */
export function parseIptables(text: string, program: Iptables): readonly FirewallChain[] {
  return text
    .split(/^\*/m)
    .slice(1)
    .map((section) => section.split("\n"))
    .filter(([name]) => name !== "nat")
    .flatMap(([name = "", ...lines]) =>
      lines.flatMap((line) => parseChain({ program, name, lines }, line)),
    );
}

interface Table {
  readonly program: Iptables;
  readonly name: string;
  readonly lines: readonly string[];
}

/** Returns the chain that a line such as `:OUTPUT DROP [0:0]` defines; empty for another line. */
function parseChain(table: Table, line: string): FirewallChain | readonly never[] {
  const [, name, policy] = /^:(\S+) (\S+)/.exec(line) ?? [];
  if (name === undefined || policy === undefined) return [];
  const { program, lines } = table;
  const command = table.name === "filter" ? program : `${program} -t ${table.name}`;
  const rules = lines.filter((line) => line.startsWith(`-A ${name} `));
  return {
    id: chainId(table, name),
    name: `${command} ${name}`,
    hook: policy === "-" ? null : name.toLowerCase(),
    policy: policy === "DROP" ? "drop" : "accept",
    families: [program === "iptables" ? "ipv4" : "ipv6"],
    rules: rules.flatMap((line) => {
      const words = splitWords(line).slice(2);
      const remove = `${command} -D ${name} ${words.join(" ")}`;
      return parseRule(table, words, remove) ?? [];
    }),
    accept: (packet) => `${command} -I ${name} ${formatAcceptRule(packet)}`,
    list: `${command} -S ${name}`,
  };
}

function chainId({ program, name }: Table, chain: string): string {
  return `${program} ${name} ${chain}`;
}

/** Splits a line as a shell does, but keeps the quotes. */
function splitWords(line: string): readonly string[] {
  return line.match(/"(?:\\.|[^"\\])*"|\S+/g) ?? [];
}

function formatAcceptRule({ direction, values }: FirewallPacket): string {
  const peer = direction === "out" ? `-d ${values.daddr}` : `-s ${values.saddr}`;
  const port = direction === "out" ? `--dport ${values.dport}` : `--sport ${values.sport}`;
  return `${peer} -p tcp ${port} -j ACCEPT`;
}

const fields: Readonly<Record<string, FirewallCondition["field"]>> = {
  "-d": "daddr",
  "-s": "saddr",
  "-o": "oif",
  "-i": "iif",
  "-p": "protocol",
  "--dport": "dport",
  "--dports": "dport",
  "--sport": "sport",
  "--sports": "sport",
  "--uid-owner": "uid",
  "--ctstate": "state",
  "--state": "state",
};

/** Options that are not conditions: they load a match, or are parameters of the target. */
const ignoredOptions: readonly string[] = ["-m", "--comment", "--reject-with", "--log-prefix"];

/** Returns null for a rule without a target, which only counts packets. */
function parseRule(table: Table, words: readonly string[], remove: string): FirewallRule | null {
  const conditions: FirewallCondition[] = [];
  let action: FirewallAction | null = null;
  for (const [at, word] of words.entries()) {
    const value = words[at + 1] ?? "";
    if (word === "-j" || word === "-g") {
      action = parseTarget(table, word === "-g" ? "goto" : "jump", value);
    } else if (word.startsWith("-") && !ignoredOptions.includes(word)) {
      const field = fields[word] ?? "other";
      const isAddress = field === "daddr" || field === "saddr";
      const values = isAddress ? [value] : value.toLowerCase().replaceAll(":", "-").split(",");
      conditions.push({ field, isNegated: words[at - 1] === "!", values });
    }
  }
  return action === null ? null : { conditions, action, remove };
}

function parseTarget(table: Table, kind: "jump" | "goto", target: string): FirewallAction {
  if (target === "ACCEPT") return { kind: "accept" };
  if (target === "DROP") return { kind: "drop" };
  if (target === "REJECT") return { kind: "reject" };
  if (target === "RETURN") return { kind: "return" };
  return { kind, target: chainId(table, target) };
}
