import { isLinkLocalIpv6 } from "../../model/ip.ts";
import type { Refusal, Verdict } from "../../model/probe.ts";
import { connectOutcome, type PathEvidence, ipCommand, isIpv6 } from "./evidence.ts";
import { formatMs, quoteShellWord } from "../../model/text.ts";
import { modifyOptionsCommand, throttleNote } from "./answer.ts";

/** The NIC has no address to ask from: the kernel would borrow another NIC's, for no answer. */
export function checkAddress(evidence: PathEvidence): Verdict | null {
  const { link, source } = evidence;
  const isMissing =
    link !== null && (source === null || (isIpv6(evidence) && isLinkLocalIpv6(source)));
  if (!isMissing && connectOutcome(evidence) !== "EADDRNOTAVAIL") return null;
  const kind = isIpv6(evidence) ? "IPv6 address" : "IPv4 address";
  if (link === null) {
    return { word: "no-address", text: `there is no ${kind} to ask from`, fix: null };
  }
  const text = isMissing ? `it has no ${kind}` : `its ${kind} cannot be used (yet)`;
  return { word: "no-address", text, fix: isMissing ? addressFix(evidence) : null };
}

function addressFix(evidence: PathEvidence): readonly string[] | null {
  const { nic, isReachedElsewhere, machine } = evidence;
  if (isReachedElsewhere) return ["ec2nic activate"];
  if (isIpv6(evidence)) return null;
  return machine.dhcpClient === null || nic === null
    ? ["ec2nic activate --dhcp"]
    : [[...machine.dhcpClient, quoteShellWord(nic)].join(" ")];
}

/** Nobody on the link says that the next hop's address is his (ARP, NDP). */
export function checkNeighbour(evidence: PathEvidence): Verdict | null {
  const { pathFacts, address } = evidence;
  if (pathFacts.neighbour !== "silent" && connectOutcome(evidence) !== "EHOSTUNREACH") return null;
  const gateway = pathFacts.route?.kind === "route" ? pathFacts.route.gateway : null;
  const protocol = isIpv6(evidence) ? "NDP" : "ARP";
  const failure = `nobody on its link answers to ${gateway ?? address} (${protocol})`;
  const fix = gateway === null ? null : routeCommand(evidence, gateway);
  if (fix !== null) {
    const text = `${failure}, the gateway of the route to ${address}`;
    return { word: "nobody-on-link", text, fix: [fix] };
  }
  const text = `${failure}: this is no link of a VPC, or IMDS is not behind it`;
  return { word: "nobody-on-link", text, fix: null };
}

/**
 * A prohibit, blackhole or unreachable route. A socket that is bound to a NIC passes it by on its
 * way out over IPv4 (the kernel takes the address for on-link), but the answer is dropped where
 * rp_filter looks for a way back; all others get EACCES, EINVAL or EHOSTUNREACH.
 */
export function checkRefusals(evidence: PathEvidence): Verdict | null {
  const { pathFacts, machine, address } = evidence;
  const isRefused =
    pathFacts.route?.kind === "forbidden" ||
    (pathFacts.unboundRoute?.kind === "forbidden" &&
      (pathFacts.acceptsReplies === false || pathFacts.route?.kind === "none"));
  if (!isRefused && connectOutcome(evidence) !== "EACCES") return null;
  const familyRefusals = machine.refusals.filter(
    ({ family }) => family === (address.includes(":") ? 6 : 4),
  );
  if (machine.hasImdsd) {
    const text = `systemd-imdsd guards IMDS on this machine: ${describeRefusals(familyRefusals, address)}; ask it instead`;
    return { word: "prohibited", text, fix: null };
  }
  const route =
    pathFacts.route?.kind === "none"
      ? [routeCommand(evidence)].filter((each) => each !== null)
      : [];
  const fix =
    familyRefusals.length === 0 ? null : [...familyRefusals.map(({ remove }) => remove), ...route];
  return { word: "prohibited", text: describeRefusals(familyRefusals, address), fix: fix };
}

function describeRefusals(refusals: readonly Refusal[], address: string): string {
  const names = refusals.map(
    ({ type, what: routeOrRule, destination }) => `a ${type} ${routeOrRule} (${destination})`,
  );
  const subject = names.length === 0 ? "a route, a rule or a security policy" : names.join(" and ");
  return `${subject.replace("a unreach", "an unreach")} forbids ${address}`;
}

/**
 * The kernel drops the answer, since no route leads back the way it came (rp_filter). Loose (2) is
 * content with any route that covers IMDS's address, strict (1) only with a best one through this
 * NIC; the larger of `all` and the NIC's own holds, so 2 on the NIC always loosens.
 * With slashes, since a name may have dots (sysctl(8)).
 * https://docs.kernel.org/networking/ip-sysctl.html
 */
export function checkReversePath(evidence: PathEvidence): Verdict | null {
  const { pathFacts, nicFacts, nic, address } = evidence;
  if (pathFacts.acceptsReplies !== false || nicFacts.rpFilter === 0 || nic === null) return null;
  const isStrict = nicFacts.rpFilter === 1;
  const mode = isStrict ? "1 (strict)" : "2 (loose)";
  const problem = `answers that come in through it are dropped: rp_filter is ${mode}`;
  if (pathFacts.unboundRoute?.kind === "route" && isStrict) {
    const elsewhere =
      pathFacts.unboundRoute.nic === null ? "elsewhere" : `through ${pathFacts.unboundRoute.nic}`;
    const text = `${problem}, and the route to ${address} leads ${elsewhere}`;
    return {
      word: "rp-filter",
      text,
      fix: [`sysctl -w net/ipv4/conf/${quoteShellWord(nic)}/rp_filter=2`],
    };
  }
  const text = `${problem}, and no route leads to ${address}`;
  return {
    word: "rp-filter",
    text,
    fix: [`ip route append ${address} dev ${quoteShellWord(nic)}`],
  };
}

/**
 * No route: IPv4 takes an address for on-link where the socket is bound to a NIC, IPv6 never does,
 * and programs that bind to none need one in both.
 */
export function checkRoute(evidence: PathEvidence): Verdict | null {
  const { pathFacts, address, link } = evidence;
  const outcome = connectOutcome(evidence);
  if (outcome === "ENETDOWN" || outcome === "ENODEV") {
    return { word: "down", text: "it has just gone down", fix: null };
  }
  if (pathFacts.route?.kind !== "none" && outcome !== "ENETUNREACH") return null;
  const through = link === null ? "" : " through it";
  const command = routeCommand(evidence);
  const text = `no route leads to ${address}${through}`;
  return { word: "no-route", text, fix: command === null ? null : [command] };
}

/** What a VPC's routers answer to on every link, where none has announced itself. */
const vpcRouter = "fe80:ec2::1";

/** So that what is added is no second path of a route that is there, but comes after it. */
const addedRouteMetric = 2048;

/**
 * A route to IMDS alone, through the NIC; null: there is none to lead it through. `dead`: a gateway
 * that is not there.
 */
function routeCommand(evidence: PathEvidence, deadGateway: string | null = null): string | null {
  const { nic, address, pathFacts } = evidence;
  if (nic === null) return null;
  const router =
    pathFacts.router === null || pathFacts.router === deadGateway ? vpcRouter : pathFacts.router;
  if (isIpv6(evidence) && router === deadGateway) return null;
  const via = isIpv6(evidence) ? ` via ${router}` : "";
  const route = `${address}${via} dev ${quoteShellWord(nic)}`;
  if (deadGateway !== null && pathFacts.hostRoute !== null) {
    return `${ipCommand(evidence)} route replace ${route}${pathFacts.hostRoute}`; // one beside it is not taken
  }
  return `${ipCommand(evidence)} route append ${route}${isIpv6(evidence) ? ` metric ${addedRouteMetric}` : ""}`;
}

/** AWS's IPv6 endpoint, which is off unless it is enabled. */
const ipv6Endpoint = "fd00:ec2::254";

/** What is left: nothing on this machine is known to be in the way. */
export function describeNoConnection(evidence: PathEvidence): Verdict {
  const { address, port } = evidence;
  const isOptional = address === ipv6Endpoint;
  const fix = isOptional ? [modifyOptionsCommand(evidence, "--http-protocol-ipv6 enabled")] : null;
  const note = isOptional ? "; IMDS over IPv6 is off unless it is enabled" : "";
  const outcome = connectOutcome(evidence);
  if (outcome === "ECONNREFUSED") {
    const text = `${address} refuses connections to port ${port}${firewallNote(evidence)}${note}`;
    return { word: "refused", text, fix: fix };
  }
  const within = formatMs(evidence.probe.connect?.ms ?? 0);
  const reason = outcome === "ETIMEDOUT" || outcome === null ? "" : ` (${outcome})`;
  const text = `no connection to ${address} within ${within}${reason}`;
  const notes = `${dropNote(evidence)}${throttleNote(evidence)}${firewallNote(evidence)}${note}`;
  return { word: "no-answer", text: `${text}${notes}`, fix: fix };
}

function dropNote({ pathFacts, nicFacts }: PathEvidence): string {
  if (pathFacts.acceptsReplies === null && (nicFacts.rpFilter ?? 0) > 0) {
    return `; rp_filter is ${nicFacts.rpFilter}, which may drop the answers`;
  }
  if (pathFacts.neighbour !== "answers") return "";
  return ", though the next hop answers: it is dropped beyond this machine";
}

/** A machine that has neither nft nor iptables may have a firewall of bpf, and hides it from root. */
function firewallNote({ machine: { firewall, uid } }: PathEvidence): string {
  if (firewall !== null) return "";
  const restriction = uid === 0 ? "cannot be seen without nft or iptables" : "only root can see";
  return `; whether a firewall is in the way${uid === 0 ? "" : ","} ${restriction}`;
}
