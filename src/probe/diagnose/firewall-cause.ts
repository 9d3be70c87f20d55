import type { FirewallPacket } from "../../model/firewall.ts";
import type { Verdict } from "../../model/probe.ts";
import { connectOutcome, type PathEvidence, isIpv6 } from "./evidence.ts";
import { type FirewallBlock, evaluateFirewall } from "../firewall/evaluate.ts";

/** A firewall rule of this machine stops the packets, for certain. */
export function checkFirewall(evidence: PathEvidence): Verdict | null {
  const found = findBlocks(evidence).find(([block]) => block.isCertain);
  if (found !== undefined) return blockVerdict(found, evidence);
  if (connectOutcome(evidence) !== "EPERM") return null;
  const text = "the kernel forbids the connection (EPERM): a firewall, or a unit's IPAddressDeny=";
  return { word: "firewall", text, fix: null };
}

/** One might: some of its conditions cannot be judged from here. */
export function checkPossibleFirewall(evidence: PathEvidence): Verdict | null {
  const [block] = findBlocks(evidence);
  return block === undefined ? null : blockVerdict(block, evidence);
}

type DirectedBlock = readonly [culprit: FirewallBlock, direction: FirewallPacket["direction"]];

function findBlocks(evidence: PathEvidence): readonly DirectedBlock[] {
  const chains = evidence.machine.firewall ?? [];
  return (["out", "in"] as const).flatMap((direction) => {
    const block = evaluateFirewall(chains, buildPacket(evidence, direction));
    return block === null ? [] : [[block, direction] as const];
  });
}

function blockVerdict([block, direction]: DirectedBlock, { address }: PathEvidence): Verdict {
  const { chain, how, isCertain, fix } = block;
  const subject = `the firewall (${chain}) ${isCertain ? how : `perhaps ${how}`}`;
  const traffic = direction === "out" ? `what is sent to ${address}` : `what ${address} answers`;
  return { word: "firewall", text: `${subject} ${traffic}`, fix: [fix] };
}

/** Any port of those that the kernel takes for a connection (ip_local_port_range). */
const sampleLocalPort = "45678";

function buildPacket(
  evidence: PathEvidence,
  direction: FirewallPacket["direction"],
): FirewallPacket {
  const { address, port, source, nic, machine } = evidence;
  const local = { address: source ?? "", port: sampleLocalPort, nic: nic ?? "" };
  const imds = { address, port: String(port), nic: "none" };
  const [from, to] = direction === "out" ? [local, imds] : [imds, local];
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
      family: isIpv6(evidence) ? "ipv6" : "ipv4",
      uid: direction === "out" ? String(machine.uid) : "none",
      state: direction === "out" ? "new" : "established",
    },
  };
}
