import * as v from "valibot";
import type { Host } from "../host/host.ts";
import { runJsonCommand } from "../inspect/kernel/ip-json.ts";
import type { FirewallChain } from "../model/firewall.ts";
import { type Iptables, parseIptables } from "./firewall/iptables.ts";
import { nftablesSchema, parseNftables } from "./firewall/nftables.ts";

/**
 * The firewall's chains. Those of iptables come first: what iptables has put into nftables is seen
 * twice, and is better fixed with iptables. null: no program can read them, which takes root.
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
  program: Iptables,
): Promise<readonly FirewallChain[] | null> {
  const { code, stdout } = await host.exec([`${program}-save`], { timeoutMs: 2000 });
  return code === 0 ? parseIptables(stdout, program) : null;
}
