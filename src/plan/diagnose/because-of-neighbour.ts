import type { Verdict } from "../../net/verdict.ts";
import { connectOutcome, type ExaminedWay, isIpv6 } from "./examined-way.ts";

/** Nobody on the link says that the next hop's address is his (ARP, NDP). */
export function becauseOfNeighbour(way: ExaminedWay): Verdict | null {
  const { path, address, nic } = way;
  if (path.neighbour !== "silent" && connectOutcome(way) !== "EHOSTUNREACH") return null;
  const gateway = path.route?.kind === "way" ? path.route.gateway : null;
  const protocol = isIpv6(way) ? "NDP" : "ARP";
  const asked = `nobody on its link answers to ${gateway ?? address} (${protocol})`;
  if (gateway !== null && !isIpv6(way) && nic !== null) {
    const text = `${asked}, the gateway of the route to ${address}`;
    return { word: "nobody-on-link", text, mend: [`ip route append ${address} dev ${nic}`] };
  }
  const text = `${asked}: this is no link of a VPC, or IMDS is not behind it`;
  return { word: "nobody-on-link", text, mend: null };
}
