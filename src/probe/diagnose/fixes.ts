import type { RouteEntry } from "../../model/probe.ts";
import { isLinkLocalIpv4, networkCidr, subnetRouter, vpcIpv6Router } from "../../model/ip.ts";
import { quoteShellWord } from "../../model/text.ts";
import { connectOutcome, isIpv6, type NextHop, type PathEvidence } from "./evidence.ts";

/** A command for a machine that has AWS credentials, which is rarely the instance itself. */
export function modifyOptionsCommand({ machine }: PathEvidence, option: string): string {
  const instance = machine.instanceId ?? "INSTANCE_ID";
  return `aws ec2 modify-instance-metadata-options --instance-id ${instance} ${option}`;
}

/**
 * The command that gives the NIC an address; empty if no command is known. In an IPv6-only subnet,
 * too, DHCPv4 gives the address (169.254.x.y) from which IMDS is reached (amazon-ec2-utils #27).
 */
export function addressFix(evidence: PathEvidence): readonly string[] {
  const { nic, isReachedElsewhere, machine } = evidence;
  if (isReachedElsewhere) return ["ec2nic activate"];
  if (isIpv6(evidence)) return [];
  if (machine.dhcpClient === null || nic === null) return ["ec2nic activate --dhcp"];
  return [[...machine.dhcpClient, quoteShellWord(nic)].join(" ")];
}

/** The gateway of the path if it does not answer; null if there is none, or if it answers. */
export function findDeadGateway(evidence: PathEvidence): string | null {
  const { route, neighbour } = evidence.pathFacts;
  const isDead = neighbour === "failed" || connectOutcome(evidence) === "EHOSTUNREACH";
  return isDead && route?.kind === "route" ? route.gateway : null;
}

/** The router of an IPv6-only subnet, as DHCPv4 gives it there (amazon-ec2-utils #27). */
const linkLocalRouter = "169.254.0.1";

/**
 * Whether a silent gateway is an address at which the VPC's router answers. Then the route is right
 * and the link is dead, so that another route through this NIC would not help either.
 */
export function isVpcRouter({ sender, pathFacts }: PathEvidence, gateway: string): boolean {
  if (gateway === vpcIpv6Router || gateway === linkLocalRouter) return true;
  if (gateway.includes(":")) return gateway === pathFacts.advertisedRouter;
  const own = (sender?.addresses ?? []).filter(({ family, address, prefixLength }) => {
    return family === "ipv4" && prefixLength <= 30 && !isLinkLocalIpv4(address);
  });
  return own.some((each) => subnetRouter(networkCidr(each.address, each.prefixLength)) === gateway);
}

/**
 * The command for a route without which programs that do not bind to a NIC would not reach IMDS
 * after `own`, the other commands of a fix; empty if there is no such route, or if it would not be
 * certain to help. IMDS that answers through a NIC is never sent through another one.
 */
export function routeFix(evidence: PathEvidence, own: readonly string[] = []): readonly string[] {
  const { reachedNic, isReachedElsewhere, link, pathFacts } = evidence;
  const { unboundRoute, unboundEntry: entry } = pathFacts;
  if (evidence.routing === "reached") return [];
  const hop = reachedNic ?? guessNextHop(evidence);
  if (hop === null) return [];
  if (unboundRoute?.kind === "forbidden") {
    return isRouteLeft(evidence, hop, own) ? [] : addRoute(evidence.address, hop, null);
  }
  if (link !== null && isReachedElsewhere) return []; // the note about kernel routing has the route
  if (reachedNic === null && isReachedElsewhere) return []; // over the other IP family
  if (unboundRoute === null || (own.length === 0 && isOptionNeeded(evidence))) return [];
  if (unboundRoute.kind === "none") {
    const bringsRoute = addressFix(evidence).some((command) => own.includes(command));
    return bringsRoute ? [] : addRoute(evidence.address, hop, null);
  }
  const leadsThere = unboundRoute.nic === hop.nic && findDeadGateway(evidence) === null;
  if (leadsThere && reachedNic === null) return [];
  if (unboundRoute.nic !== hop.nic && evidence.routing === "unknown") return [];
  if (reachedNic === null && isRepairedBy(evidence, unboundRoute.nic, own)) return [];
  return addRoute(evidence.address, hop, entry);
}

/** Whether IMDS needs an option of the instance, as another NIC shows. No route replaces this. */
function isOptionNeeded({ repairs }: PathEvidence): boolean {
  return [...repairs.values()].some((commands) => commands.some((each) => each.startsWith("aws ")));
}

/** Whether IMDS is reached by another route when the refusals are removed. */
function isRouteLeft(evidence: PathEvidence, { nic }: NextHop, own: readonly string[]): boolean {
  const family = isIpv6(evidence) ? 6 : 4;
  const best = evidence.machine.remaining.find((route) => route.family === family);
  if (best === undefined || best.nic === null) return false;
  if (best.nic === nic || evidence.routing === "unknown") return true;
  return isRepairedBy(evidence, best.nic, own);
}

/** Whether a NIC reaches IMDS after these commands. */
function isRepairedBy({ repairs }: PathEvidence, nic: string | null, own: readonly string[]) {
  const needed = nic === null ? undefined : repairs.get(nic);
  return needed !== undefined && needed.every((command) => own.includes(command));
}

/**
 * The next hop to IMDS through the NIC of a path that has failed: the gateway of its route. Without
 * one, an IPv4 packet needs no gateway, because a VPC answers for IMDS on the link; over IPv6 it is
 * the advertised router, or the router's fixed address. null for kernel routing without a NIC.
 */
function guessNextHop(evidence: PathEvidence): NextHop | null {
  const { nic, pathFacts } = evidence;
  if (nic === null) return null;
  const dead = findDeadGateway(evidence);
  const own = pathFacts.route?.kind === "route" ? pathFacts.route.gateway : null;
  const known = isIpv6(evidence) ? [own, pathFacts.router, vpcIpv6Router] : [own];
  const gateway = known.find((each) => each !== null && each !== dead) ?? null;
  if (gateway === null && isIpv6(evidence)) return null;
  return { nic, gateway, isOnLink: false };
}

/** Less preferred than other routes to the same address. */
const addedRouteMetric = 2048;

/**
 * A route to the address alone, in the routing table in which the kernel finds its route now, so
 * that the new route is preferred. A host route is replaced: the kernel would not use a second one.
 */
export function addRoute(
  address: string,
  { nic, gateway, isOnLink }: NextHop,
  entry: RouteEntry | null,
): readonly string[] {
  if (entry?.table === "local") return []; // an address of this machine
  const ip = address.includes(":") ? "ip -6" : "ip";
  const via = gateway === null ? "" : ` via ${gateway}`;
  const target = `${address}${via} dev ${quoteShellWord(nic)}${isOnLink ? " onlink" : ""}`;
  if (entry?.isHostRoute === true) return [`${ip} route replace ${target}${entry.words}`];
  const table = entry === null || entry.table === "main" ? "" : ` table ${entry.table}`;
  const metric = address.includes(":") ? ` metric ${addedRouteMetric}` : "";
  return [`${ip} route append ${target}${table}${metric}`];
}
