import type { FirewallPacket } from "../../model/firewall.ts";
import { isLinkLocalIpv6 } from "../../model/ip.ts";
import type { Refusal, Verdict } from "../../model/probe.ts";
import { formatMs, quoteShellWord } from "../../model/text.ts";
import { evaluateFirewall, type FirewallBlock } from "../firewall/evaluate.ts";
import { connectOutcome, droppedNote, isIpv6, type PathEvidence, toVerdict } from "./evidence.ts";
import {
  addressFix,
  findDeadGateway,
  isVpcRouter,
  modifyOptionsCommand,
  routeFix,
} from "./fixes.ts";

/**
 * The verdict is the first cause that is found, in this order. Facts about the kernel's decisions
 * come before the meaning of an errno, because a packet that this machine drops, outgoing or
 * incoming, has the same errno as a packet without an answer.
 */
const checks: readonly ((evidence: PathEvidence) => Verdict | null)[] = [
  checkAddress,
  checkRefusals,
  checkReversePath,
  checkFirewall,
  checkRoute,
  checkNeighbour,
  checkPossibleFirewall,
];

/** The verdict on a path whose connect failed. */
export function diagnoseConnection(evidence: PathEvidence): Verdict {
  const found = checks.map((check) => check(evidence)).find((verdict) => verdict !== null);
  return found ?? describeNoConnection(evidence);
}

/** A NIC without an address. The kernel would send from another NIC's address and get no answer. */
function checkAddress(evidence: PathEvidence): Verdict | null {
  const { link, source } = evidence;
  const isMissing = link !== null && (source === null || isLinkLocalIpv6(source));
  if (!isMissing && connectOutcome(evidence) !== "EADDRNOTAVAIL") return null;
  const kind = isIpv6(evidence) ? "IPv6 address" : "IPv4 address";
  if (link === null) return toVerdict("no-address", `there is no ${kind} to send from`);
  if (!isMissing) return toVerdict("no-address", `its ${kind} cannot be used (yet)`);
  return toVerdict("no-address", `it has no ${kind}`, ...addressFix(evidence));
}

/**
 * A prohibit, blackhole or unreachable route. Over IPv4, a socket that is bound to a NIC ignores
 * such a route and sends (the kernel assumes that the address is on-link), but rp_filter drops the
 * answer if there is no route back. All other sockets get EACCES, EINVAL or EHOSTUNREACH.
 */
function checkRefusals(evidence: PathEvidence): Verdict | null {
  const { pathFacts, machine, address } = evidence;
  const { route, unboundRoute, acceptsReplies } = pathFacts;
  const isForbidden =
    route?.kind === "forbidden" ||
    (unboundRoute?.kind === "forbidden" && (acceptsReplies === false || route?.kind === "none"));
  if (!isForbidden && connectOutcome(evidence) !== "EACCES") return null;
  const family = isIpv6(evidence) ? 6 : 4;
  const refusals = machine.refusals.filter((refusal) => refusal.family === family);
  const text = describeRefusals(refusals, address);
  if (machine.hasImdsd) {
    const cause = "because systemd-imdsd protects IMDS on this machine";
    return toVerdict("prohibited", `${text}, ${cause}; send requests to systemd-imdsd instead`);
  }
  return toVerdict("prohibited", text, ...refusals.map(({ remove }) => remove));
}

function describeRefusals(refusals: readonly Refusal[], address: string): string {
  const names = refusals.map(({ type, kind, destination }) => {
    return `${type === "unreachable" ? "an" : "a"} ${type} ${kind} (${destination})`;
  });
  const subject = names.length === 0 ? "a route, a rule or a security policy" : names.join(" and ");
  return `${subject} forbids ${address}`;
}

/**
 * The kernel drops the answer, because it has no route back through the NIC (rp_filter). Loose (2)
 * accepts the answer if any route covers IMDS's address; strict (1), only if the best route leads
 * through this NIC. The larger value of `all` and of the NIC is used, so 2 on the NIC is always
 * loose. The setting is written with slashes, because a NIC's name can contain dots (sysctl(8)).
 * https://docs.kernel.org/networking/ip-sysctl.html
 */
function checkReversePath(evidence: PathEvidence): Verdict | null {
  const { pathFacts, nicFacts, nic, address } = evidence;
  if (pathFacts.acceptsReplies !== false || nicFacts.rpFilter === 0 || nic === null) return null;
  const isStrict = nicFacts.rpFilter === 1;
  const mode = isStrict ? "1 (strict)" : "2 (loose)";
  const problem = `the kernel drops answers that arrive through it, because rp_filter is ${mode}`;
  // a route through this NIC satisfies both modes, and other programs need it too
  const route = routeFix(evidence);
  const setting = `sysctl -w net/ipv4/conf/${quoteShellWord(nic)}/rp_filter=2`;
  const fix = route.length === 0 && isStrict ? [setting] : route;
  if (pathFacts.unboundRoute?.kind === "route" && isStrict) {
    const { nic: other } = pathFacts.unboundRoute;
    const where = other === null ? "elsewhere" : `through ${other}`;
    const text = `${problem} and the route to ${address} leads ${where}`;
    return toVerdict("rp-filter", text, ...fix);
  }
  return toVerdict("rp-filter", `${problem} and there is no route to ${address}`, ...fix);
}

/** A firewall rule of this machine that certainly blocks the packets. */
function checkFirewall(evidence: PathEvidence): Verdict | null {
  const [found, ...more] = findBlocks(evidence).filter(({ isCertain }) => isCertain);
  if (found !== undefined) {
    const text = describeBlock(found, evidence);
    return toVerdict("firewall", text, ...new Set([found, ...more].map(({ fix }) => fix)));
  }
  if (connectOutcome(evidence) !== "EPERM") return null;
  const cause = "because of a firewall or a unit's IPAddressDeny=";
  return toVerdict("firewall", `the kernel forbids the connection (EPERM), ${cause}`);
}

/**
 * A rule that possibly blocks the packets: one of its conditions cannot be evaluated. The verdict has
 * no command, because it is not known whether a change of this rule would help.
 */
function checkPossibleFirewall(evidence: PathEvidence): Verdict | null {
  const [block] = findBlocks(evidence);
  if (block === undefined) return null;
  const hint = `; to see its rules: ${block.list}`;
  return toVerdict("firewall", `${describeBlock(block, evidence)}${hint}`);
}

type DirectedBlock = FirewallBlock & Pick<FirewallPacket, "direction">;

function findBlocks(evidence: PathEvidence): readonly DirectedBlock[] {
  const chains = evidence.machine.firewall ?? [];
  return (["out", "in"] as const).flatMap((direction) => {
    const blocks = evaluateFirewall(chains, buildPacket(evidence, direction));
    return blocks.map((block) => ({ ...block, direction }));
  });
}

function describeBlock(block: DirectedBlock, { address }: PathEvidence): string {
  const { chain, how, isCertain, direction } = block;
  const subject = `the firewall (${chain}) ${isCertain ? how : `perhaps ${how}`}`;
  const packets = `packets ${direction === "out" ? "to" : "from"} ${address}`;
  return `${subject} ${packets}`;
}

/** One of the ports from which the kernel opens connections (ip_local_port_range). */
const sampleLocalPort = "45678";

function buildPacket(evidence: PathEvidence, direction: "out" | "in"): FirewallPacket {
  const { address, port, source, nic, machine } = evidence;
  const isOut = direction === "out";
  const local = { address: source ?? "", port: sampleLocalPort, nic: nic ?? "" };
  const imds = { address, port: String(port), nic: "none" };
  const [from, to] = isOut ? [local, imds] : [imds, local];
  const values = {
    daddr: to.address,
    saddr: from.address,
    dport: to.port,
    sport: from.port,
    oif: from.nic,
    iif: to.nic,
    protocol: "tcp",
    family: isIpv6(evidence) ? "ipv6" : "ipv4",
    uid: isOut ? String(machine.uid) : "none",
    state: isOut ? "new" : "established",
  };
  return { direction, values };
}

/**
 * No route. Without one, a socket that is bound to a NIC can send over IPv4, because the kernel
 * assumes that the address is on-link. IPv6, and programs that do not bind to a NIC, need a route.
 */
function checkRoute(evidence: PathEvidence): Verdict | null {
  const { pathFacts, address, link } = evidence;
  const outcome = connectOutcome(evidence);
  if (outcome === "ENETDOWN" || outcome === "ENODEV") {
    return toVerdict("down", "it went down during the probe");
  }
  if (pathFacts.route?.kind !== "none" && outcome !== "ENETUNREACH") return null;
  const through = link === null ? "" : " through it";
  const text = `there is no route to ${address}${through}`;
  return toVerdict("no-route", text, ...routeFix(evidence));
}

/** The next hop does not answer ARP or NDP. */
function checkNeighbour(evidence: PathEvidence): Verdict | null {
  const { pathFacts, address } = evidence;
  if (pathFacts.neighbour !== "failed" && connectOutcome(evidence) !== "EHOSTUNREACH") return null;
  const gateway = findDeadGateway(evidence);
  const protocol = isIpv6(evidence) ? "NDP" : "ARP";
  const silence = `does not answer ${protocol}`;
  if (gateway !== null && !isVpcRouter(evidence, gateway)) {
    const text = `${gateway}, the gateway of the route to ${address}, ${silence}`;
    return toVerdict("no-neighbour", text, ...routeFix(evidence));
  }
  const cause = "perhaps the link does not belong to a VPC or does not lead to IMDS";
  return toVerdict("no-neighbour", `${gateway ?? address} ${silence}; ${cause}`);
}

/** AWS's IPv6 endpoint, which is off unless it is enabled. */
const ipv6Endpoint = "fd00:ec2::254";

/** The verdict if no check has found a cause on this machine. */
function describeNoConnection(evidence: PathEvidence): Verdict {
  const { address, port, probe } = evidence;
  const isOptional = address === ipv6Endpoint;
  const isWanted = isOptional && !evidence.isReachedElsewhere;
  const fix = isWanted ? [modifyOptionsCommand(evidence, "--http-protocol-ipv6 enabled")] : [];
  const note = isOptional ? "; IMDS over IPv6 is off unless it is enabled" : "";
  const outcome = connectOutcome(evidence);
  if (outcome === "ECONNREFUSED") {
    const text = `${address} refuses connections to port ${port}`;
    return toVerdict("refused", `${text}${firewallNote(evidence)}${note}`, ...fix);
  }
  const within = formatMs(probe.connect?.ms ?? 0);
  const reason = outcome === "ETIMEDOUT" || outcome === null ? "" : ` (${outcome})`;
  const text = `no connection to ${address} within ${within}${reason}`;
  const notes = [lossNote, droppedNote, firewallNote].map((toNote) => toNote(evidence));
  return toVerdict("no-answer", `${text}${notes.join("")}${note}`, ...fix);
}

function lossNote({ pathFacts, nicFacts }: PathEvidence): string {
  if (pathFacts.acceptsReplies === null && (nicFacts.rpFilter ?? 0) > 0) {
    return `; rp_filter is ${nicFacts.rpFilter}, so perhaps the kernel drops the answers`;
  }
  if (pathFacts.neighbour !== "reachable") return "";
  return ", although the next hop answers, so packets are lost beyond this machine";
}

/** Root needs nft or iptables to read a firewall. A firewall of BPF cannot be read at all. */
function firewallNote({ machine: { firewall, uid } }: PathEvidence): string {
  if (firewall !== null) return "";
  const missing = uid === 0 ? "nft or iptables" : "root";
  return `; ec2nic needs ${missing} to see whether a firewall blocks the connection`;
}
