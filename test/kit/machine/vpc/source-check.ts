import type { FullEni } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import { vpcServices } from "../../../../src/plan/config/policy-routing.ts";
import type { Sandbox } from "../sandbox.ts";
import { linkLocalAddress } from "./ipv6-only.ts";

/**
 * Packets a second from an ENI to all link-local services together: IMDS, DNS and NTP. More are
 * dropped. https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
 * https://github.com/amazonlinux/amazon-ec2-net-utils/issues/120
 */
export const servicesLimit = 1024;

/**
 * The source check of a VPC, as nftables rules on the VPC's end of an ENI: packets are dropped unless
 * their source is the MAC of the ENI and one of its addresses or delegated prefixes. Link-local
 * sources, which DHCPv6 and neighbour discovery need, and 0.0.0.0 in DHCPv4 requests are accepted. The
 * address that DHCPv4 gives in an IPv6-only subnet reaches only link-local services.
 * https://docs.aws.amazon.com/vpc/latest/userguide/VPC_NAT_Instance.html#EIP_Disable_SrcDestCheck
 */
export function sourceCheck(wire: string, eni: FullEni): string {
  const ipv4 = [...eni.ipv4, ...eni.ipv4Prefixes];
  const ipv6 = [...eni.ipv6, ...eni.ipv6Prefixes, "fe80::/10", "::"];
  const from = `ether saddr ${eni.mac}`;
  const linkLocal = linkLocalAddress(eni);
  const throttle = 'limit name "services" counter name throttled drop';
  const rules = [
    `ip daddr ${vpcServices[4]} ${throttle}`,
    `ip6 daddr ${vpcServices[6]} ${throttle}`,
    `${from} ether type arp accept`,
    ...(ipv4.length === 0 ? [] : [`${from} ip saddr { ${ipv4.join(", ")} } accept`]),
    ...(linkLocal === null ? [] : [`${from} ip saddr ${linkLocal} ip daddr 169.254.0.0/16 accept`]),
    `${from} ip saddr 0.0.0.0 udp dport 67 accept`,
    `${from} ip6 saddr { ${ipv6.join(", ")} } accept`,
    "counter name dropped",
    "add @ipv4 { ip saddr }",
    "add @ipv6 { ip6 saddr }",
    "drop",
  ];
  return [
    `add table netdev ${wire}`,
    `add counter netdev ${wire} dropped`,
    `add set netdev ${wire} ipv4 { type ipv4_addr; flags dynamic; size 1024; }`,
    `add set netdev ${wire} ipv6 { type ipv6_addr; flags dynamic; size 1024; }`,
    `add counter netdev ${wire} throttled`,
    `add limit netdev ${wire} services { rate over ${servicesLimit}/second burst ${servicesLimit} packets ; }`,
    `add chain netdev ${wire} check { type filter hook ingress device "${wire}" priority 0; }`,
    `flush chain netdev ${wire} check`,
    ...rules.map((rule) => `add rule netdev ${wire} check ${rule}`),
    "",
  ].join("\n");
}

/** The packets to link-local services that were over the limit since the ENI was attached. */
export async function throttledAt(sandbox: Sandbox, wire: string): Promise<number> {
  const table = await sandbox.run(["nft", "list", "table", "netdev", wire]);
  return Number(/counter throttled \{\s*packets (\d+)/.exec(table)?.[1] ?? Number.NaN);
}

export interface Dropped {
  readonly packets: number;
  /** The sources of these packets, each once. */
  readonly sources: readonly string[];
}

/** The packets that the check has dropped since the ENI was attached. */
export async function droppedAt(sandbox: Sandbox, wire: string): Promise<Dropped> {
  const table = await sandbox.run(["nft", "list", "table", "netdev", wire]);
  const packets = Number(/counter dropped \{\s*packets (\d+)/.exec(table)?.[1] ?? Number.NaN);
  const sources = [...table.matchAll(/elements = \{([^}]*)\}/g)]
    .flatMap(([, elements = ""]) => elements.split(","))
    .map((element) => element.trim().split(" ")[0] ?? "");
  return { packets, sources: sources.toSorted() };
}
