import type { LinkState } from "../../model/link.ts";
import { splitEndpoint } from "../../model/ip.ts";
import type { ProbedKernel, ProbedNic, ProbedPath, Verdict } from "../../model/probe.ts";
import { quoteShellWord } from "../../model/text.ts";
import { diagnoseAnswer } from "./answer.ts";
import { diagnoseConnection } from "./causes.ts";
import { connectOutcome, type PathEvidence, toVerdict } from "./evidence.ts";

/** The verdict on one path to IMDS, with its fix. */
export function diagnoseImdsPath(evidence: PathEvidence): Verdict {
  const isConnected = connectOutcome(evidence) === "ok";
  const found = isConnected ? diagnoseAnswer(evidence) : diagnoseLink(evidence.link);
  return found ?? diagnoseConnection(evidence);
}

/** A link that is down or has no carrier; null: it is usable, or there is none. */
function diagnoseLink(link: LinkState | null): Verdict | null {
  if (link === null || (link.isUp && link.hasCarrier)) return null;
  const up = `ip link set dev ${quoteShellWord(link.name)} up`;
  if (!link.isUp) return toVerdict("down", "it is down", up);
  return toVerdict("no-carrier", "it is up but has no carrier: nothing is at the other end");
}

/** A service answered: that says more than a path over which nothing did. */
const answeredWords: readonly Verdict["word"][] = [
  "switched-off",
  "throttled",
  "service-error",
  "hop-limit",
  "silent",
  "not-imds",
];

/** These are normal over IPv6 on EC2, so another verdict is more useful. */
const expectedWords: readonly Verdict["word"][] = ["no-address", "no-route"];

/** One verdict for a NIC, or for the kernel's routing (`link` is null), from those of its paths. */
export function diagnoseNic(link: LinkState | null, paths: readonly ProbedPath[]): Verdict {
  const verdicts = paths.map(({ verdict }) => verdict);
  const reached = verdicts.find(({ word }) => word === "reached");
  if (reached !== undefined) return link === null ? reached : noteTemporaryLease(reached, link);
  const linkVerdict = diagnoseLink(link);
  if (linkVerdict !== null) return linkVerdict;
  const answered = verdicts.find(({ word }) => answeredWords.includes(word));
  const unexpected = verdicts.find(({ word }) => !expectedWords.includes(word));
  const [first = toVerdict("not-asked", "no endpoint is asked through it")] = verdicts;
  return answered ?? (first.word === "no-address" ? unexpected : null) ?? first;
}

/** The lease that the probe used is released by now: the NIC itself has no address. */
function noteTemporaryLease(reached: Verdict, { addresses }: LinkState): Verdict {
  if (!addresses.some(({ isTemporary }) => isTemporary)) return reached;
  const note = "with a temporary DHCP lease: it has no address of its own";
  return { ...reached, text: `${reached.text}, ${note}` };
}

const problem = "programs that do not bind to a NIC (curl, the SDKs) do not reach IMDS";

/**
 * Why programs that do not bind to a NIC (curl, the SDKs) do not reach IMDS, although a NIC does: over
 * IPv4, a bound socket needs no route and ignores a prohibit route. null: they reach it, or no NIC
 * does. `kernel`: the probe by the kernel's own routing; null: there was none, only the routes count.
 */
export function diagnoseUnboundRouting(
  nics: readonly ProbedNic[],
  kernel: ProbedKernel | null,
): Verdict | null {
  // a path that used a temporary lease says nothing about the machine without that lease
  const permanent = nics.filter(({ link }) => !link.addresses.some((each) => each.isTemporary));
  const reached = permanent.flatMap(({ link, paths }) =>
    paths
      .filter(({ verdict }) => verdict.word === "reached")
      .map(({ probe, pathFacts }) => ({ nic: link.name, probe, route: pathFacts.unboundRoute })),
  );
  const [first] = reached;
  if (first === undefined || kernel?.verdict.word === "reached") return null;
  if (reached.some(({ route }) => route?.kind !== "none" && route?.kind !== "forbidden")) {
    return kernel && { ...kernel.verdict, text: `${problem}: ${kernel.verdict.text}` };
  }
  const address = splitEndpoint(first.probe.endpoint).host;
  if (first.route?.kind === "forbidden") {
    const cause = `a route or a rule forbids ${address} (see ip route get ${address})`;
    const hint = "ec2nic fetch respects that, and uses a NIC only with --interface";
    return toVerdict("prohibited", `${problem}: ${cause}; ${hint}`);
  }
  const text = `${problem}: there is no route to ${address}`;
  const fix = `ip route append ${address} dev ${quoteShellWord(first.nic)}`;
  return toVerdict("no-route", text, ...(address.includes(":") ? [] : [fix]));
}
