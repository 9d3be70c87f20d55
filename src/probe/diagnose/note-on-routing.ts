import type { ProbedKernel, ProbedNic } from "../../model/probed-nic.ts";
import type { RouteFact } from "../../model/probe-facts.ts";
import type { Verdict } from "../../model/verdict.ts";
import { shellWord } from "../../model/diagnose-shell-word.ts";

/**
 * IMDS is reached through a NIC, but not by programs that bind to none (curl, the SDKs): over IPv4 a
 * bound socket needs no route, and passes a prohibit route by. null: they reach it alike. `kernel`:
 * what came of asking as they do; null: that was not tried, and the routes tell.
 */
export function noteOnRouting(
  nics: readonly ProbedNic[],
  kernel: ProbedKernel | null,
): Verdict | null {
  // what came by a lease says nothing of the machine as it is afterwards
  const lasting = nics.filter(({ link }) => !link.addresses.some(({ isTemporary }) => isTemporary));
  const ways = lasting.flatMap(({ link, ways }) => ways.map((way) => ({ nic: link.name, way })));
  const reached = ways.filter(({ way }) => way.verdict.word === "reached");
  const [first] = reached;
  if (first === undefined || kernel?.verdict.word === "reached") return null;
  if (reached.some(({ way }) => !isClosed(way.path.usual))) {
    return kernel === null ? null : { ...kernel.verdict, text: `${who}: ${kernel.verdict.text}` };
  }
  const address = new URL(first.way.probe.endpoint).hostname.replace(/^\[|\]$/g, "");
  if (first.way.path.usual?.kind === "forbidden") {
    const respect = "and ec2nic fetch keeps to that: it asks through a NIC only with --interface";
    const text = `${who}: a route or a rule forbids ${address} (see ip route get ${address}), ${respect}`;
    return { word: "prohibited", text, mend: null };
  }
  const mend = address.includes(":")
    ? null
    : [`ip route append ${address} dev ${shellWord(first.nic)}`];
  return { word: "no-route", text: `${who}: no route leads to ${address}`, mend };
}

const who = "programs that bind to no NIC (curl, the SDKs) do not reach IMDS";

function isClosed(route: RouteFact | null): boolean {
  return route?.kind === "none" || route?.kind === "forbidden";
}
