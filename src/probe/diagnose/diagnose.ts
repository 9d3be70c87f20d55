import type { LinkState } from "../../model/link.ts";
import type {
  ProbedKernel,
  ProbedNic,
  ProbedWay,
  RouteFact,
  Verdict,
  VerdictWord,
} from "../../model/probe.ts";
import { diagnoseAnswer } from "./answer.ts";
import { connectOutcome, type ExaminedWay } from "./evidence.ts";
import { shellWord } from "../../model/text.ts";
import {
  becauseOfAddress,
  becauseOfNeighbour,
  becauseOfRefusal,
  becauseOfReversePath,
  becauseOfRoute,
  becauseOfSilence,
} from "./causes.ts";
import { becauseOfFirewall, becausePerhapsOfFirewall } from "./firewall-cause.ts";

/** What is the matter with a way to IMDS, and what mends it. */
export function diagnoseWay(way: ExaminedWay): Verdict {
  if (connectOutcome(way) === "ok") return diagnoseAnswer(way) ?? diagnosePath(way);
  return (way.link === null ? null : diagnoseLink(way.link)) ?? diagnosePath(way);
}

/** A link that is down, or leads nowhere, needs no further question; null: it is well. */
function diagnoseLink({ name, isUp, hasCarrier }: LinkState): Verdict | null {
  if (!isUp) {
    return { word: "down", text: "it is down", mend: [`ip link set dev ${shellWord(name)} up`] };
  }
  if (hasCarrier) return null;
  const text = "it is up but has no carrier: nothing is at the other end";
  return { word: "no-carrier", text, mend: null };
}

/**
 * Why there is no connection: the first cause that is certain. What the kernel says of its own
 * decisions goes before what an errno may mean: a packet that the machine drops itself, on its way
 * out or in, looks just like one that nobody answers.
 */
const causes: readonly ((way: ExaminedWay) => Verdict | null)[] = [
  becauseOfAddress,
  becauseOfRefusal,
  becauseOfReversePath,
  becauseOfFirewall,
  becauseOfRoute,
  becauseOfNeighbour,
  becausePerhapsOfFirewall,
];

function diagnosePath(way: ExaminedWay): Verdict {
  const found = causes.map((because) => because(way)).find((verdict) => verdict !== null);
  return found ?? becauseOfSilence(way);
}

/** Somebody answered: that says more than a way on which nobody did. */
const answered: readonly VerdictWord[] = [
  "switched-off",
  "throttled",
  "trouble",
  "hop-limit",
  "silent",
  "not-imds",
];

/** Over IPv6 these are normal on EC2, and no reason to look there first. */
const quiet: readonly VerdictWord[] = ["no-address", "no-route"];

/** What is the matter with a NIC, or with the kernel's routing (`null`), as one. */
export function diagnoseNic(link: LinkState | null, ways: readonly ProbedWay[]): Verdict {
  const verdicts = ways.map(({ verdict }) => verdict);
  const reached = verdicts.find(({ word }) => word === "reached");
  if (reached !== undefined) return link === null ? reached : unlessLent(reached, link);
  const ofLink = link === null ? null : diagnoseLink(link);
  if (ofLink !== null) return ofLink;
  const said = verdicts.find(({ word }) => answered.includes(word));
  const loud = verdicts.find(({ word }) => !quiet.includes(word));
  const [first] = verdicts;
  return said ?? (first?.word === "no-address" ? loud : first) ?? first ?? notAsked;
}

/** Reached by a lease that is gone by now: the NIC itself has no address. */
function unlessLent(reached: Verdict, { addresses }: LinkState): Verdict {
  if (!addresses.some(({ isTemporary }) => isTemporary)) return reached;
  return {
    ...reached,
    text: `${reached.text}; by a lease for the asking: it has no address of its own`,
  };
}

const notAsked: Verdict = {
  word: "not-asked",
  text: "no endpoint is asked through it",
  mend: null,
};

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
