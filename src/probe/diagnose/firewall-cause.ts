import type { FirewallPacket } from "../../model/firewall.ts";
import type { Verdict } from "../../model/probe.ts";
import { connectOutcome, type ExaminedWay, isIpv6 } from "./evidence.ts";
import { type Culprit, judgeFirewall } from "../firewall/evaluate.ts";

/** A firewall rule of this machine stops the packets, for certain. */
export function becauseOfFirewall(way: ExaminedWay): Verdict | null {
  const found = culprits(way).find(([culprit]) => culprit.isSure);
  if (found !== undefined) return verdictOn(found, way);
  if (connectOutcome(way) !== "EPERM") return null;
  const text = "the kernel forbids the connection (EPERM): a firewall, or a unit's IPAddressDeny=";
  return { word: "firewall", text, mend: null };
}

/** One might: some of its conditions cannot be judged from here. */
export function becausePerhapsOfFirewall(way: ExaminedWay): Verdict | null {
  const [found] = culprits(way);
  return found === undefined ? null : verdictOn(found, way);
}

type Found = readonly [culprit: Culprit, direction: FirewallPacket["direction"]];

function culprits(way: ExaminedWay): readonly Found[] {
  const chains = way.machine.firewall ?? [];
  return (["out", "in"] as const).flatMap((direction) => {
    const culprit = judgeFirewall(chains, packetOf(way, direction));
    return culprit === null ? [] : [[culprit, direction] as const];
  });
}

function verdictOn([culprit, direction]: Found, { address }: ExaminedWay): Verdict {
  const { chain, how, isSure, mend } = culprit;
  const who = `the firewall (${chain}) ${isSure ? how : `perhaps ${how}`}`;
  const what = direction === "out" ? `what is sent to ${address}` : `what ${address} answers`;
  return { word: "firewall", text: `${who} ${what}`, mend: [mend] };
}

/** Any port of those that the kernel takes for a connection (ip_local_port_range). */
const someOwnPort = "45678";

function packetOf(way: ExaminedWay, direction: FirewallPacket["direction"]): FirewallPacket {
  const { address, port, source, nic, machine } = way;
  const own = { address: source ?? "", port: someOwnPort, nic: nic ?? "" };
  const imds = { address, port: String(port), nic: "none" };
  const [from, to] = direction === "out" ? [own, imds] : [imds, own];
  return {
    direction,
    values: {
      daddr: to.address,
      saddr: from.address,
      dport: to.port,
      sport: from.port,
      oif: from.nic,
      iif: to.nic,
      protocol: "tcp",
      family: isIpv6(way) ? "ipv6" : "ipv4",
      uid: direction === "out" ? String(machine.uid) : "none",
      state: direction === "out" ? "new" : "established",
    },
  };
}
