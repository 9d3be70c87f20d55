import { vpcIpv6Router } from "../../model/ip.ts";
import { quoteShellWord } from "../../model/text.ts";
import { isIpv6, type PathEvidence } from "./evidence.ts";

/** A command for a machine that has AWS credentials, which is rarely the instance itself. */
export function modifyOptionsCommand({ machine }: PathEvidence, option: string): string {
  const instance = machine.instanceId ?? "INSTANCE_ID";
  return `aws ec2 modify-instance-metadata-options --instance-id ${instance} ${option}`;
}

/** The command that gives the NIC an address; empty if no command is known. */
export function addressFix(evidence: PathEvidence): readonly string[] {
  const { nic, isReachedElsewhere, machine } = evidence;
  if (isReachedElsewhere) return ["ec2nic activate"];
  if (isIpv6(evidence)) return [];
  if (machine.dhcpClient === null || nic === null) return ["ec2nic activate --dhcp"];
  return [[...machine.dhcpClient, quoteShellWord(nic)].join(" ")];
}

/** Larger than the usual metrics, so that the kernel still prefers an existing route. */
const addedRouteMetric = 2048;

/** The command for a route to IMDS alone, not over `deadGateway`; empty if no gateway is known. */
export function routeFix(evidence: PathEvidence, deadGateway?: string): readonly string[] {
  const { nic, address, pathFacts } = evidence;
  if (nic === null) return [];
  const isRouterUsable = pathFacts.router !== null && pathFacts.router !== deadGateway;
  const router = isRouterUsable ? pathFacts.router : vpcIpv6Router;
  const name = quoteShellWord(nic);
  // an existing host route must be replaced, because the kernel would not use a second one
  const existing = deadGateway === undefined ? null : pathFacts.hostRoute;
  const verb = existing === null ? "append" : "replace";
  if (!isIpv6(evidence)) return [`ip route ${verb} ${address} dev ${name}${existing ?? ""}`];
  if (router === deadGateway) return [];
  const tail = existing ?? ` metric ${addedRouteMetric}`;
  return [`ip -6 route ${verb} ${address} via ${router} dev ${name}${tail}`];
}
