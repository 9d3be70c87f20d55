import type { Verdict } from "../../net/verdict.ts";
import { connectOutcome, type ExaminedWay, ipCommand, isIpv6 } from "./examined-way.ts";

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

/** A route to IMDS alone, through the NIC; null: there is none to lead it through. */
export function routeCommand(way: ExaminedWay): string | null {
  const { nic, address, path } = way;
  if (nic === null) return null;
  const via = isIpv6(way) ? ` via ${path.router ?? vpcRouter}` : "";
  return `${ipCommand(way)} route append ${address}${via} dev ${nic}`;
}
