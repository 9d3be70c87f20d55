import type { LinkState } from "../../model/link.ts";
import { splitEndpoint } from "../../model/ip.ts";
import type { ProbedKernel, ProbedNic, ProbedPath, Verdict } from "../../model/probe.ts";
import { quoteShellWord } from "../../model/text.ts";
import { diagnoseAnswer } from "./answer.ts";
import { diagnoseConnection } from "./causes.ts";
import { connectOutcome, type PathEvidence, toVerdict } from "./evidence.ts";

/** The verdict on one path to IMDS, with the commands that fix the problem. */
export function diagnoseImdsPath(evidence: PathEvidence): Verdict {
  const isConnected = connectOutcome(evidence) === "ok";
  const found = isConnected ? diagnoseAnswer(evidence) : diagnoseLink(evidence.link);
  return found ?? diagnoseConnection(evidence);
}

/** The verdict on a link that is down or has no carrier; null for other links, or without a link. */
function diagnoseLink(link: LinkState | null): Verdict | null {
  if (link === null || (link.isUp && link.hasCarrier)) return null;
  const up = `ip link set dev ${quoteShellWord(link.name)} up`;
  if (!link.isUp) return toVerdict("down", "it is down", up);
  const text = "it is up, but has no carrier, because nothing is at the other end";
  return toVerdict("no-carrier", text);
}

/** Verdicts after an answer, which say more than those of paths without an answer. */
const answeredWords: readonly Verdict["word"][] = [
  "switched-off",
  "throttled",
  "service-error",
  "hop-limit",
  "silent",
  "not-imds",
];

/** Verdicts that are normal over IPv6 on EC2, so that another verdict is more useful. */
const expectedWords: readonly Verdict["word"][] = ["no-address", "no-route"];

/** Chooses the verdict of a NIC, or of kernel routing (`link` is null), from those of its paths. */
export function diagnoseNic(link: LinkState | null, paths: readonly ProbedPath[]): Verdict {
  const verdicts = paths.map(({ verdict }) => verdict);
  const reached = verdicts.find(({ word }) => word === "reached");
  if (reached !== undefined) return link === null ? reached : noteTemporaryLease(reached, link);
  const linkVerdict = diagnoseLink(link);
  if (linkVerdict !== null) return linkVerdict;
  const answered = verdicts.find(({ word }) => answeredWords.includes(word));
  const unexpected = verdicts.find(({ word }) => !expectedWords.includes(word));
  const [first = toVerdict("not-asked", "no endpoint is probed through it")] = verdicts;
  return answered ?? (first.word === "no-address" ? unexpected : null) ?? first;
}

/** Says that the probe used a temporary lease, because the NIC has no address after the probe. */
function noteTemporaryLease(reached: Verdict, { addresses }: LinkState): Verdict {
  if (!addresses.some(({ isTemporary }) => isTemporary)) return reached;
  const note = "over a temporary DHCP lease, because the NIC has no address of its own";
  return { ...reached, text: `${reached.text}, ${note}` };
}

const problem = "programs that do not bind to a NIC (curl, the SDKs) do not reach IMDS";

/**
 * Why programs that do not bind to a NIC (curl, the SDKs) do not reach IMDS although a NIC does.
 * The difference is that over IPv4 a bound socket needs no route and ignores a prohibit route.
 * Returns null if such programs reach IMDS, or if no NIC does. `kernel` is null if kernel routing
 * was not probed; then the routes of the NICs' paths decide.
 */
export function diagnoseUnboundRouting(
  nics: readonly ProbedNic[],
  kernel: ProbedKernel | null,
): Verdict | null {
  // with a temporary lease, a NIC reaches IMDS although the machine without the lease does not
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
    const cause = `because a route or a rule forbids ${address} (see ip route get ${address})`;
    const hint = "ec2nic fetch obeys it too, and uses a NIC only with --interface";
    return toVerdict("prohibited", `${problem}, ${cause}; ${hint}`);
  }
  const text = `${problem}, because there is no route to ${address}`;
  const fix = `ip route append ${address} dev ${quoteShellWord(first.nic)}`;
  return toVerdict("no-route", text, ...(address.includes(":") ? [] : [fix]));
}
