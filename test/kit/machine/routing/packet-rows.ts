import type { EniSpec } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import type { Family } from "../../../../src/model/ip.ts";
import type { Machine } from "../machine.ts";
import { inside, onEveryLink, outside } from "../vpc/vpc-hosts.ts";
import { peers, vpcTtl, vpnHosts } from "./peers.ts";
import type { Situation } from "./situations.ts";

/** The ENIs for which `packetRows` has rows. */
export const routedEnis: readonly EniSpec[] = [
  { device: 0, dualStack: true, ipv4: ["10.0.0.10", "10.0.0.11"] },
  {
    device: 1,
    dualStack: true,
    ipv4: ["10.0.1.10", "10.0.1.11"],
    ipv4Prefixes: ["10.0.1.64/28"],
    ipv6Prefixes: ["2600:1f14:ec2:101:1::/80"],
  },
];

/** The addresses of their NICs. */
export const routedAddresses = [
  "10.0.0.10",
  "10.0.0.11",
  "10.0.1.10",
  "10.0.1.11",
  "2600:1f14:ec2:100::10",
  "2600:1f14:ec2:101::10",
] as const;

/** Where a packet arrives. From a wrong NIC it arrives nowhere: the VPC checks its source. */
export type Arrival = "vpc" | keyof typeof peers;

/** A row of the packet table (docs/decisions/packet-table.md). */
export interface PacketRow {
  /** An address of the machine; null: the kernel chooses it. */
  readonly from: string | null;
  /** The namespace that sends; null: the machine. */
  readonly space: string | null;
  readonly to: string;
  readonly arrives: Arrival;
}

interface Addresses {
  readonly primary: readonly string[];
  readonly secondary: readonly string[];
  /** Hosts in the subnets of the primary and of the second ENI. */
  readonly neighbours: readonly string[];
}

const addresses: Readonly<Record<Family, Addresses>> = {
  4: {
    primary: ["10.0.0.10", "10.0.0.11"],
    secondary: ["10.0.1.10", "10.0.1.11"],
    neighbours: ["10.0.0.254", "10.0.1.254"],
  },
  6: {
    primary: ["2600:1f14:ec2:100::10"],
    secondary: ["2600:1f14:ec2:101::10"],
    neighbours: ["2600:1f14:ec2:100::fa", "2600:1f14:ec2:101::fa"],
  },
};

/** All rows of the packet table in a situation, for both families. */
export function packetRows(situation: Situation): readonly PacketRow[] {
  return ([4, 6] as const).flatMap((family) => {
    const { primary, secondary, neighbours } = addresses[family];
    const host = (at: { readonly ipv4: string; readonly ipv6: string }) =>
      family === 4 ? at.ipv4 : at.ipv6;
    const index = family === 4 ? 0 : 1;
    const bridges = (["container", "pod", "bridged"] as const).map((name) => {
      return { to: peers[name].hosts[index] ?? "", arrives: name };
    });
    const vpn = { to: vpnHosts[family], arrives: "vpn" } as const;
    const internet = {
      to: host(outside),
      arrives: situation.takesEverything ? "vpn" : "vpc",
    } as const;
    const vpc = [host(outside), host(inside), ...neighbours, onEveryLink.imds[index]];
    const ofSecondary = [...vpc.map((to) => ({ to, arrives: "vpc" }) as const), ...bridges, vpn];
    const ofPrimary = [
      ...neighbours.map((to) => ({ to, arrives: "vpc" }) as const),
      ...bridges,
      internet,
      vpn,
    ];
    const send = (from: string | null, space: string | null, rows: readonly Target[]) =>
      rows.map((row) => ({ from, space, ...row }));
    return [
      ...secondary.flatMap((from) => send(from, null, ofSecondary)),
      ...primary.flatMap((from) => send(from, null, ofPrimary)),
      ...send(null, null, [...bridges, internet, vpn]),
      // an address of a delegated prefix, and a container without an address of an ENI
      ...send(
        null,
        "pod",
        ofSecondary.filter(({ arrives }) => arrives !== "pod"),
      ),
      // Without a VPN, the VPC drops what is not masqueraded (the test counts that).
      ...send(null, "container", situation.takesEverything ? [internet, vpn] : [vpn]),
    ];
  });
}

type Target = Pick<PacketRow, "to" | "arrives">;

/** Sends one echo request for each row, all at once; the rows that arrived elsewhere or nowhere. */
export async function wrongRows(
  machine: Pick<Machine, "run">,
  rows: readonly PacketRow[],
): Promise<readonly string[]> {
  const stdin = rows.map(
    ({ from, space, to }, row) => `${row} ${space ?? "-"} ${from ?? "-"} ${to}\n`,
  );
  const output = await machine.run(["sh", "-c", pingAll], { stdin: stdin.join("") });
  const ttls = new Map(output.split("\n").map((line) => line.split(" ") as [string, string]));
  return rows.flatMap(({ from, space, to, arrives }, row) => {
    const ttl = Number(ttls.get(String(row)) ?? Number.NaN);
    const arrived = arrivalOf(ttl);
    if (arrived === arrives) return [];
    return [
      `${space ?? ""}${from ?? "any"} → ${to}: ${arrived ?? `lost (ttl ${ttl})`}, not ${arrives}`,
    ];
  });
}

/** A forwarded answer has a TTL that is lower by one. */
function arrivalOf(ttl: number): Arrival | null {
  const is = (whole: number): boolean => ttl === whole || ttl === whole - 1;
  if (is(vpcTtl)) return "vpc";
  const names = ["container", "pod", "bridged", "vpn"] as const;
  return names.find((name) => ttl === peers[name].ttl || ttl === peers[name].ttl - 1) ?? null;
}

const pingAll = `
while read -r row space from to; do
  (
    command="ping -n -c 1 -W 2"
    [ "$from" = - ] || command="$command -I $from"
    [ "$space" = - ] || command="ip netns exec $space $command"
    ttl=$($command "$to" 2>&1 | sed -n 's/.* ttl=\\([0-9]*\\) .*/\\1/p')
    echo "$row $ttl"
  ) </dev/null &
done
wait
`;
