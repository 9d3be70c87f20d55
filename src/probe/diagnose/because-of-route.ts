import type { Verdict } from "../../model/verdict.ts";
import { connectOutcome, type ExaminedWay, ipCommand, isIpv6 } from "./evidence.ts";
import { shellWord } from "../../model/diagnose-shell-word.ts";

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
export function routeCommand(way: ExaminedWay, dead: string | null = null): string | null {
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
