import type { Refusal } from "../../model/probe-facts.ts";
import type { Verdict } from "../../model/verdict.ts";
import { routeCommand } from "./because-of-route.ts";
import { connectOutcome, type ExaminedWay } from "./evidence.ts";

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
