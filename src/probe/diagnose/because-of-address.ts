import { isLinkLocalIpv6 } from "../../model/address.ts";
import type { Verdict } from "../../model/verdict.ts";
import { connectOutcome, type ExaminedWay, isIpv6 } from "./evidence.ts";
import { shellWord } from "../../model/diagnose-shell-word.ts";

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
