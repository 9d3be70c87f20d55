import { vpcIpv6Router } from "../../model/ip.ts";
import { quoteShellWord } from "../../model/text.ts";
import { isIpv6, type PathEvidence } from "./evidence.ts";

/** For a machine with AWS credentials, which is rarely the instance itself. */
export function modifyOptionsCommand({ machine }: PathEvidence, option: string): string {
  const instance = machine.instanceId ?? "INSTANCE_ID";
  return `aws ec2 modify-instance-metadata-options --instance-id ${instance} ${option}`;
}

/** Gives the NIC an address; empty: no command is known. */
export function addressFix(evidence: PathEvidence): readonly string[] {
  const { nic, isReachedElsewhere, machine } = evidence;
  if (isReachedElsewhere) return ["ec2nic activate"];
  if (isIpv6(evidence)) return [];
  if (machine.dhcpClient === null || nic === null) return ["ec2nic activate --dhcp"];
  return [[...machine.dhcpClient, quoteShellWord(nic)].join(" ")];
}

/** Larger than the usual metrics: a route that exists is still preferred. */
const addedRouteMetric = 2048;

/** The command for a route to IMDS alone, not over `deadGateway`; empty: there is no gateway. */
export function routeFix(evidence: PathEvidence, deadGateway?: string): readonly string[] {
  const { nic, address, pathFacts } = evidence;
  if (nic === null) return [];
  const isRouterUsable = pathFacts.router !== null && pathFacts.router !== deadGateway;
  const router = isRouterUsable ? pathFacts.router : vpcIpv6Router;
  const name = quoteShellWord(nic);
  // a host route that exists must be replaced: one beside it would not be used
  const existing = deadGateway === undefined ? null : pathFacts.hostRoute;
  const verb = existing === null ? "append" : "replace";
  if (!isIpv6(evidence)) return [`ip route ${verb} ${address} dev ${name}${existing ?? ""}`];
  if (router === deadGateway) return [];
  const tail = existing ?? ` metric ${addedRouteMetric}`;
  return [`ip -6 route ${verb} ${address} via ${router} dev ${name}${tail}`];
}
