import * as v from "valibot";
import type { ExecHost } from "../host/host.ts";
import { runJsonCommand } from "../inspect/kernel/ip-json.ts";
import type { FirewallChain } from "../model/firewall.ts";
import { type Iptables, parseIptables } from "./firewall/iptables.ts";
import { nftablesSchema, parseNftables } from "./firewall/nftables.ts";

/**
 * Reads the chains of the firewall; null if no program can read them (this needs root). The chains
 * of iptables come first, because rules that iptables has put into nftables are seen twice, and
 * iptables is the better program to fix them.
 */
export async function readFirewall(host: ExecHost): Promise<readonly FirewallChain[] | null> {
  const [ipv4, ipv6, nft] = await Promise.all([
    readIptables(host, "iptables"),
    readIptables(host, "ip6tables"),
    runJsonCommand(host, ["nft", "-j", "list", "ruleset"], v.object({ nftables: nftablesSchema })),
  ]);
  if (ipv4 === null && ipv6 === null && nft.value === null) return null;
  const nftables = nft.value === null ? [] : parseNftables(nft.value.nftables);
  return [...(ipv4 ?? []), ...(ipv6 ?? []), ...nftables];
}

async function readIptables(host: ExecHost, program: Iptables) {
  const { code, stdout } = await host.exec([`${program}-save`], { timeoutMs: 2000 });
  return code === 0 ? parseIptables(stdout, program) : null;
}
