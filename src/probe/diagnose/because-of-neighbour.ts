import type { Verdict } from "../../model/verdict.ts";
import { routeCommand } from "./because-of-route.ts";
import { connectOutcome, type ExaminedWay, isIpv6 } from "./evidence.ts";

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
