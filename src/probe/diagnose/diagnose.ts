import type { LinkState } from "../../model/link.ts";
import type {
  ProbedKernel,
  ProbedNic,
  ProbedPath,
  RouteFact,
  Verdict,
  VerdictWord,
} from "../../model/probe.ts";
import { diagnoseAnswer } from "./answer.ts";
import { connectOutcome, type PathEvidence } from "./evidence.ts";
import { quoteShellWord } from "../../model/text.ts";
import {
  checkAddress,
  checkNeighbour,
  checkRefusals,
  checkReversePath,
  checkRoute,
  describeNoConnection,
} from "./causes.ts";
import { checkFirewall, checkPossibleFirewall } from "./firewall-cause.ts";

/** What is the matter with a way to IMDS, and what mends it. */
export function diagnoseImdsPath(evidence: PathEvidence): Verdict {
  if (connectOutcome(evidence) === "ok")
    return diagnoseAnswer(evidence) ?? diagnoseConnection(evidence);
  return (
    (evidence.link === null ? null : diagnoseLink(evidence.link)) ?? diagnoseConnection(evidence)
  );
}

/** A link that is down, or leads nowhere, needs no further question; null: it is well. */
function diagnoseLink({ name, isUp, hasCarrier }: LinkState): Verdict | null {
  if (!isUp) {
    return {
      word: "down",
      text: "it is down",
      fix: [`ip link set dev ${quoteShellWord(name)} up`],
    };
  }
  if (hasCarrier) return null;
  const text = "it is up but has no carrier: nothing is at the other end";
  return { word: "no-carrier", text, fix: null };
}

/**
 * Why there is no connection: the first cause that is certain. What the kernel says of its own
 * decisions goes before what an errno may mean: a packet that the machine drops itself, on its way
 * out or in, looks just like one that nobody answers.
 */
const causes: readonly ((evidence: PathEvidence) => Verdict | null)[] = [
  checkAddress,
  checkRefusals,
  checkReversePath,
  checkFirewall,
  checkRoute,
  checkNeighbour,
  checkPossibleFirewall,
];

function diagnoseConnection(evidence: PathEvidence): Verdict {
  const found = causes.map((check) => check(evidence)).find((verdict) => verdict !== null);
  return found ?? describeNoConnection(evidence);
}

/** Somebody answered: that says more than a way on which nobody did. */
const answeredWords: readonly VerdictWord[] = [
  "switched-off",
  "throttled",
  "trouble",
  "hop-limit",
  "silent",
  "not-imds",
];

/** Over IPv6 these are normal on EC2, and no reason to look there first. */
const expectedWords: readonly VerdictWord[] = ["no-address", "no-route"];

/** What is the matter with a NIC, or with the kernel's routing (`null`), as one. */
export function diagnoseNic(link: LinkState | null, paths: readonly ProbedPath[]): Verdict {
  const verdicts = paths.map(({ verdict }) => verdict);
  const reached = verdicts.find(({ word }) => word === "reached");
  if (reached !== undefined) return link === null ? reached : noteTemporaryLease(reached, link);
  const linkVerdict = link === null ? null : diagnoseLink(link);
  if (linkVerdict !== null) return linkVerdict;
  const answeredVerdict = verdicts.find(({ word }) => answeredWords.includes(word));
  const unexpected = verdicts.find(({ word }) => !expectedWords.includes(word));
  const [first] = verdicts;
  return (
    answeredVerdict ?? (first?.word === "no-address" ? unexpected : first) ?? first ?? notAsked
  );
}

/** Reached by a lease that is gone by now: the NIC itself has no address. */
function noteTemporaryLease(reached: Verdict, { addresses }: LinkState): Verdict {
  if (!addresses.some(({ isTemporary }) => isTemporary)) return reached;
  return {
    ...reached,
    text: `${reached.text}; by a lease for the asking: it has no address of its own`,
  };
}

const notAsked: Verdict = {
  word: "not-asked",
  text: "no endpoint is asked through it",
  fix: null,
};

/**
 * IMDS is reached through a NIC, but not by programs that bind to none (curl, the SDKs): over IPv4 a
 * bound socket needs no route, and passes a prohibit route by. null: they reach it alike. `kernel`:
 * what came of asking as they do; null: that was not tried, and the routes tell.
 */
export function diagnoseUnboundRouting(
  nics: readonly ProbedNic[],
  kernel: ProbedKernel | null,
): Verdict | null {
  // what came by a lease says nothing of the machine as it is afterwards
  const permanent = nics.filter(
    ({ link }) => !link.addresses.some(({ isTemporary }) => isTemporary),
  );
  const ways = permanent.flatMap(({ link, paths }) =>
    paths.map((path) => ({ nic: link.name, way: path })),
  );
  const reached = ways.filter(({ way: path }) => path.verdict.word === "reached");
  const [first] = reached;
  if (first === undefined || kernel?.verdict.word === "reached") return null;
  if (reached.some(({ way: path }) => !isBlocked(path.pathFacts.unboundRoute))) {
    return kernel === null
      ? null
      : { ...kernel.verdict, text: `${subject}: ${kernel.verdict.text}` };
  }
  const address = new URL(first.way.probe.endpoint).hostname.replace(/^\[|\]$/g, "");
  if (first.way.pathFacts.unboundRoute?.kind === "forbidden") {
    const consequence =
      "and ec2nic fetch keeps to that: it asks through a NIC only with --interface";
    const text = `${subject}: a route or a rule forbids ${address} (see ip route get ${address}), ${consequence}`;
    return { word: "prohibited", text, fix: null };
  }
  const fix = address.includes(":")
    ? null
    : [`ip route append ${address} dev ${quoteShellWord(first.nic)}`];
  return { word: "no-route", text: `${subject}: no route leads to ${address}`, fix: fix };
}

const subject = "programs that bind to no NIC (curl, the SDKs) do not reach IMDS";

function isBlocked(route: RouteFact | null): boolean {
  return route?.kind === "none" || route?.kind === "forbidden";
}
