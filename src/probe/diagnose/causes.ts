import { isLinkLocalIpv6 } from "../../model/ip.ts";
import type { Refusal, Verdict } from "../../model/probe.ts";
import { connectOutcome, type ExaminedWay, ipCommand, isIpv6 } from "./evidence.ts";
import { describeMs, shellWord } from "../../model/text.ts";
import { modifyOptions, throttleNote } from "./answer.ts";

/** The NIC has no address to ask from: the kernel would borrow another NIC's, for no answer. */
export function becauseOfAddress(way: ExaminedWay): Verdict | null {
  const { link, source } = way;
  const isMissing = link !== null && (source === null || (isIpv6(way) && isLinkLocalIpv6(source)));
  if (!isMissing && connectOutcome(way) !== "EADDRNOTAVAIL") return null;
  const kind = isIpv6(way) ? "IPv6 address" : "IPv4 address";
  if (link === null) {
    return { word: "no-address", text: `there is no ${kind} to ask from`, mend: null };
  }
  const text = isMissing ? `it has no ${kind}` : `its ${kind} cannot be used (yet)`;
  return { word: "no-address", text, mend: isMissing ? mendOf(way) : null };
}

function mendOf(way: ExaminedWay): readonly string[] | null {
  const { nic, isReachedElsewhere, machine } = way;
  if (isReachedElsewhere) return ["ec2nic activate"];
  if (isIpv6(way)) return null;
  return machine.dhcpClient === null || nic === null
    ? ["ec2nic activate --dhcp"]
    : [[...machine.dhcpClient, shellWord(nic)].join(" ")];
}

/** Nobody on the link says that the next hop's address is his (ARP, NDP). */
export function becauseOfNeighbour(way: ExaminedWay): Verdict | null {
  const { path, address } = way;
  if (path.neighbour !== "silent" && connectOutcome(way) !== "EHOSTUNREACH") return null;
  const gateway = path.route?.kind === "way" ? path.route.gateway : null;
  const protocol = isIpv6(way) ? "NDP" : "ARP";
  const asked = `nobody on its link answers to ${gateway ?? address} (${protocol})`;
  const mend = gateway === null ? null : routeCommand(way, gateway);
  if (mend !== null) {
    const text = `${asked}, the gateway of the route to ${address}`;
    return { word: "nobody-on-link", text, mend: [mend] };
  }
  const text = `${asked}: this is no link of a VPC, or IMDS is not behind it`;
  return { word: "nobody-on-link", text, mend: null };
}

/**
 * A prohibit, blackhole or unreachable route. A socket that is bound to a NIC passes it by on its
 * way out over IPv4 (the kernel takes the address for on-link), but the answer is dropped where
 * rp_filter looks for a way back; all others get EACCES, EINVAL or EHOSTUNREACH.
 */
export function becauseOfRefusal(way: ExaminedWay): Verdict | null {
  const { path, machine, address } = way;
  const isRefused =
    path.route?.kind === "forbidden" ||
    (path.usual?.kind === "forbidden" &&
      (path.keepsReplies === false || path.route?.kind === "none"));
  if (!isRefused && connectOutcome(way) !== "EACCES") return null;
  const own = machine.refusals.filter(({ family }) => family === (address.includes(":") ? 6 : 4));
  if (machine.hasImdsd) {
    const text = `systemd-imdsd guards IMDS on this machine: ${inWords(own, address)}; ask it instead`;
    return { word: "prohibited", text, mend: null };
  }
  const route =
    path.route?.kind === "none" ? [routeCommand(way)].filter((each) => each !== null) : [];
  const mend = own.length === 0 ? null : [...own.map(({ remove }) => remove), ...route];
  return { word: "prohibited", text: inWords(own, address), mend };
}

function inWords(refusals: readonly Refusal[], address: string): string {
  const names = refusals.map(({ type, what, destination }) => `a ${type} ${what} (${destination})`);
  const who = names.length === 0 ? "a route, a rule or a security policy" : names.join(" and ");
  return `${who.replace("a unreach", "an unreach")} forbids ${address}`;
}

/**
 * The kernel drops the answer, since no route leads back the way it came (rp_filter). Loose (2) is
 * content with any route that covers IMDS's address, strict (1) only with a best one through this
 * NIC; the larger of `all` and the NIC's own holds, so 2 on the NIC always loosens.
 * With slashes, since a name may have dots (sysctl(8)).
 * https://docs.kernel.org/networking/ip-sysctl.html
 */
export function becauseOfReversePath(way: ExaminedWay): Verdict | null {
  const { path, nicFacts, nic, address } = way;
  if (path.keepsReplies !== false || nicFacts.rpFilter === 0 || nic === null) return null;
  const isStrict = nicFacts.rpFilter === 1;
  const mode = isStrict ? "1 (strict)" : "2 (loose)";
  const what = `answers that come in through it are dropped: rp_filter is ${mode}`;
  if (path.usual?.kind === "way" && isStrict) {
    const elsewhere = path.usual.nic === null ? "elsewhere" : `through ${path.usual.nic}`;
    const text = `${what}, and the route to ${address} leads ${elsewhere}`;
    return {
      word: "rp-filter",
      text,
      mend: [`sysctl -w net/ipv4/conf/${shellWord(nic)}/rp_filter=2`],
    };
  }
  const text = `${what}, and no route leads to ${address}`;
  return { word: "rp-filter", text, mend: [`ip route append ${address} dev ${shellWord(nic)}`] };
}

/**
 * No route: IPv4 takes an address for on-link where the socket is bound to a NIC, IPv6 never does,
 * and programs that bind to none need one in both.
 */
export function becauseOfRoute(way: ExaminedWay): Verdict | null {
  const { path, address, link } = way;
  const outcome = connectOutcome(way);
  if (outcome === "ENETDOWN" || outcome === "ENODEV") {
    return { word: "down", text: "it has just gone down", mend: null };
  }
  if (path.route?.kind !== "none" && outcome !== "ENETUNREACH") return null;
  const through = link === null ? "" : " through it";
  const mend = routeCommand(way);
  const text = `no route leads to ${address}${through}`;
  return { word: "no-route", text, mend: mend === null ? null : [mend] };
}

/** What a VPC's routers answer to on every link, where none has announced itself. */
const vpcRouter = "fe80:ec2::1";

/** So that what is added is no second path of a route that is there, but comes after it. */
const ownMetric = 2048;

/**
 * A route to IMDS alone, through the NIC; null: there is none to lead it through. `dead`: a gateway
 * that is not there.
 */
function routeCommand(way: ExaminedWay, dead: string | null = null): string | null {
  const { nic, address, path } = way;
  if (nic === null) return null;
  const router = path.router === null || path.router === dead ? vpcRouter : path.router;
  if (isIpv6(way) && router === dead) return null;
  const via = isIpv6(way) ? ` via ${router}` : "";
  const where = `${address}${via} dev ${shellWord(nic)}`;
  if (dead !== null && path.hostRoute !== null) {
    return `${ipCommand(way)} route replace ${where}${path.hostRoute}`; // one beside it is not taken
  }
  return `${ipCommand(way)} route append ${where}${isIpv6(way) ? ` metric ${ownMetric}` : ""}`;
}

/** AWS's IPv6 endpoint, which is off unless it is enabled. */
const optional = "fd00:ec2::254";

/** What is left: nothing on this machine is known to be in the way. */
export function becauseOfSilence(way: ExaminedWay): Verdict {
  const { address, port } = way;
  const isOptional = address === optional;
  const mend = isOptional ? [modifyOptions(way, "--http-protocol-ipv6 enabled")] : null;
  const note = isOptional ? "; IMDS over IPv6 is off unless it is enabled" : "";
  const outcome = connectOutcome(way);
  if (outcome === "ECONNREFUSED") {
    const text = `${address} refuses connections to port ${port}${unseen(way)}${note}`;
    return { word: "refused", text, mend };
  }
  const within = describeMs(way.probe.connect?.ms ?? 0);
  const why = outcome === "ETIMEDOUT" || outcome === null ? "" : ` (${outcome})`;
  const text = `no connection to ${address} within ${within}${why}`;
  const doubts = `${doubtOf(way)}${throttleNote(way)}${unseen(way)}${note}`;
  return { word: "no-answer", text: `${text}${doubts}`, mend };
}

function doubtOf({ path, nicFacts }: ExaminedWay): string {
  if (path.keepsReplies === null && (nicFacts.rpFilter ?? 0) > 0) {
    return `; rp_filter is ${nicFacts.rpFilter}, which may drop the answers`;
  }
  if (path.neighbour !== "answers") return "";
  return ", though the next hop answers: it is dropped beyond this machine";
}

/** A machine that has neither nft nor iptables may have a firewall of bpf, and hides it from root. */
function unseen({ machine: { firewall, uid } }: ExaminedWay): string {
  if (firewall !== null) return "";
  const who = uid === 0 ? "cannot be seen without nft or iptables" : "only root can see";
  return `; whether a firewall is in the way${uid === 0 ? "" : ","} ${who}`;
}
