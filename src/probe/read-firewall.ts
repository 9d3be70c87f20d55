import * as v from "valibot";
import type { Host } from "../host/host.ts";
import type {
  FirewallAction,
  FirewallChain,
  FirewallCondition,
  FirewallPacket,
  FirewallRule,
} from "../model/firewall.ts";
import { nftablesSchema, parseNftables } from "./firewall/nftables.ts";
import { runJsonCommand } from "../inspect/kernel/ip-json.ts";

/**
 * The firewall's chains as iptables and nftables show them, iptables' own first: what it has put
 * into nftables is seen twice, and mended better with iptables. null: none of them can be read,
 * which takes root.
 */
export async function readFirewall(
  host: Pick<Host, "exec">,
): Promise<readonly FirewallChain[] | null> {
  const [ipv4, ipv6, nft] = await Promise.all([
    readIptables(host, "iptables"),
    readIptables(host, "ip6tables"),
    runJsonCommand(host, ["nft", "-j", "list", "ruleset"], v.object({ nftables: nftablesSchema })),
  ]);
  if (ipv4 === null && ipv6 === null && nft.value === null) return null;
  const nftables = nft.value === null ? [] : parseNftables(nft.value.nftables);
  return [...(ipv4 ?? []), ...(ipv6 ?? []), ...nftables];
}

async function readIptables(
  host: Pick<Host, "exec">,
  program: "iptables" | "ip6tables",
): Promise<readonly FirewallChain[] | null> {
  const { code, stdout } = await host.exec([`${program}-save`], { timeoutMs: 2000 });
  return code === 0 ? parseIptables(stdout, program) : null;
}

type Program = "iptables" | "ip6tables";

/** What `iptables-save` prints, without the tables that only translate addresses. */
function parseIptables(text: string, program: Program): readonly FirewallChain[] {
  return text
    .split(/^\*/m)
    .slice(1)
    .map((section) => section.split("\n"))
    .filter(([table]) => table !== "nat")
    .flatMap(([table = "", ...lines]) => parseChains(table, lines, program));
}

function parseChains(
  table: string,
  lines: readonly string[],
  program: Program,
): readonly FirewallChain[] {
  const command = table === "filter" ? program : `${program} -t ${table}`;
  return lines.flatMap((line) => {
    const [, name, policy] = /^:(\S+) (\S+)/.exec(line) ?? [];
    if (name === undefined || policy === undefined) return [];
    return {
      id: `${program} ${table} ${name}`,
      name: `${command} ${name}`,
      hook: policy === "-" ? null : name.toLowerCase(),
      policy: policy === "DROP" ? "drop" : "accept",
      families: [program === "iptables" ? "ipv4" : "ipv6"],
      rules: lines.flatMap((each) => {
        const words = each.startsWith(`-A ${name} `) ? wordsOf(each).slice(2) : null;
        return words === null ? [] : parseRule(words, { command, table, program, name });
      }),
      accept: (packet) => `${command} -I ${name} ${acceptWords(packet)}`,
    } satisfies FirewallChain;
  });
}

/** Words as a shell would split them; quotes stay. */
function wordsOf(line: string): readonly string[] {
  return line.match(/"(?:\\.|[^"\\])*"|\S+/g) ?? [];
}

interface RuleContext {
  readonly command: string;
  readonly table: string;
  readonly program: Program;
  readonly name: string;
}

function parseRule(words: readonly string[], { command, table, program, name }: RuleContext) {
  const parsed = parseWords(words);
  if (parsed.action === null) return [];
  const { target } = parsed.action;
  const id = (chain: string) => `${program} ${table} ${chain}`;
  const action = actionOf(parsed.action.isGoto ? "goto" : "jump", target, id);
  const remove = `${command} -D ${name} ${words.join(" ")}`;
  return [{ conditions: parsed.conditions, action, remove } satisfies FirewallRule];
}

const ends: Readonly<Record<string, "accept" | "drop" | "reject" | "return">> = {
  ACCEPT: "accept",
  DROP: "drop",
  REJECT: "reject",
  RETURN: "return",
};

function actionOf(
  kind: "jump" | "goto",
  target: string,
  id: (chain: string) => string,
): FirewallAction {
  const terminal = ends[target];
  return terminal === undefined ? { kind, target: id(target) } : { kind: terminal };
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

/** Options that ask nothing: what they load, say or do with a packet. */
const ignoredOptions: readonly string[] = ["-m", "--comment", "--reject-with", "--log-prefix"];

interface ParsedRule {
  readonly conditions: readonly FirewallCondition[];
  readonly action: { readonly target: string; readonly isGoto: boolean } | null;
}

function parseWords(words: readonly string[]): ParsedRule {
  const conditions: FirewallCondition[] = [];
  let action: ParsedRule["action"] = null;
  for (const [at, word] of words.entries()) {
    const value = words[at + 1] ?? "";
    if (word === "-j" || word === "-g") action = { target: value, isGoto: word === "-g" };
    if (!word.startsWith("-") || word === "-j" || word === "-g" || ignoredOptions.includes(word))
      continue;
    const field = fields[word] ?? "other";
    const values = value.toLowerCase().replaceAll(":", "-").split(",");
    conditions.push({
      field,
      isNegated: words[at - 1] === "!",
      values: field === "daddr" || field === "saddr" ? [value] : values,
    });
  }
  return { conditions, action };
}

function acceptWords({ direction, values }: FirewallPacket): string {
  const peer = direction === "out" ? `-d ${values.daddr}` : `-s ${values.saddr}`;
  const port = direction === "out" ? `--dport ${values.dport}` : `--sport ${values.sport}`;
  return `${peer} -p tcp ${port} -j ACCEPT`;
}
