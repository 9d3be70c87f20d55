import * as v from "valibot";
import type { Host } from "../../host/host.ts";
import type { FirewallChain } from "../../model/firewall.ts";
import { parseIptables } from "./parse-iptables.ts";
import { nftablesSchema, parseNftables } from "./parse-nftables.ts";
import { readJson } from "../../inspect/kernel/read-ip.ts";

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
    readJson(host, ["nft", "-j", "list", "ruleset"], v.object({ nftables: nftablesSchema })),
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
