import type { LinkState } from "../../model/link.ts";
import { splitEndpoint } from "../../model/ip.ts";
import type { ProbedKernel, ProbedNic, ProbedPath, Verdict } from "../../model/probe.ts";
import { quoteShellWord } from "../../model/text.ts";
import { diagnoseAnswer } from "./answer.ts";
import { diagnoseConnection } from "./causes.ts";
import { connectOutcome, isIpv6, nextHopOf, type PathEvidence, toVerdict } from "./evidence.ts";
import { addRoute, addressFix, routeFix } from "./fixes.ts";

/**
 * The verdict on one path to IMDS, with the commands that fix the problem. After these commands,
 * programs that do not bind to a NIC reach IMDS too.
 */
export function diagnoseImdsPath(evidence: PathEvidence): Verdict {
  const isConnected = connectOutcome(evidence) === "ok";
  const found = isConnected ? diagnoseAnswer(evidence) : diagnoseLink(evidence);
  const verdict = found ?? diagnoseConnection(evidence);
  if (verdict.fix === null) return verdict;
  return { ...verdict, fix: [...new Set([...verdict.fix, ...routeFix(evidence, verdict.fix)])] };
}

/** The verdict on a link that is down or has no carrier; null for other links, or without a link. */
function diagnoseLink(evidence: PathEvidence): Verdict | null {
  const { link, nicFacts } = evidence;
  if (link === null || (link.isUp && link.hasCarrier)) return null;
  if (link.isUp) return noCarrier;
  const up = `ip link set dev ${quoteShellWord(link.name)} up`;
  const kept = nicFacts.keptAddresses;
  const hasAddress = kept === null || kept.some((each) => each.includes(":") === isIpv6(evidence));
  if (hasAddress) return toVerdict("down", isDown, up);
  const family = isIpv6(evidence) ? "IPv6" : "IPv4";
  const text = `${isDown} and has no ${family} address`;
  const address = addressFix(evidence);
  // a NIC that is set up is not reached without an address
  return address.length === 0 ? toVerdict("down", text) : toVerdict("down", text, up, ...address);
}

const isDown = "it is down";

const noCarrier = toVerdict(
  "no-carrier",
  "it is up, but has no carrier, because nothing is at the other end",
);

/** Verdicts after an answer, which say more than those of paths without an answer. */
const answeredWords: readonly Verdict["word"][] = [
  "switched-off",
  "throttled",
  "service-error",
  "hop-limit",
  "silent",
  "not-imds",
];

/**
 * Verdicts that are normal over IPv6 on EC2, where IMDS over IPv6 is off unless it is enabled, so that
 * another verdict is more useful.
 */
const expectedWords: readonly Verdict["word"][] = ["no-address", "no-route"];
const expectedOverIpv6: readonly Verdict["word"][] = [...expectedWords, "no-answer", "refused"];

/** Chooses the verdict of a NIC, or of kernel routing (`link` is null), from those of its paths. */
export function diagnoseNic(link: LinkState | null, paths: readonly ProbedPath[]): Verdict {
  const verdicts = paths.map(({ verdict }) => verdict);
  const reached = verdicts.find(({ word }) => word === "reached");
  if (reached !== undefined) return link === null ? reached : noteTemporaryLease(reached, link);
  const linkVerdict = chooseLinkVerdict(link, verdicts);
  if (linkVerdict !== null) return linkVerdict;
  const answered = verdicts.find(({ word }) => answeredWords.includes(word));
  const unexpected = paths.find(({ probe, verdict: { word } }) => {
    const isIpv6Path = probe.endpoint.includes("[");
    return !(isIpv6Path ? expectedOverIpv6 : expectedWords).includes(word);
  })?.verdict;
  const [first = toVerdict("not-asked", "no endpoint is probed through it")] = verdicts;
  return answered ?? (first.word === "no-address" ? unexpected : null) ?? first;
}

/** The verdict on a link that is down or has no carrier, if possible with a fix. */
function chooseLinkVerdict(link: LinkState | null, verdicts: readonly Verdict[]): Verdict | null {
  if (link === null || (link.isUp && link.hasCarrier)) return null;
  const own = verdicts.filter(({ word }) => word === "down" || word === "no-carrier");
  const found = own.find(({ fix }) => fix !== null) ?? own[0];
  return found ?? (link.isUp ? noCarrier : toVerdict("down", isDown));
}

/** Says that the probe used a temporary lease, because the NIC has no address after the probe. */
function noteTemporaryLease(reached: Verdict, { addresses }: LinkState): Verdict {
  if (!addresses.some(({ isTemporary }) => isTemporary)) return reached;
  const note = "over a temporary DHCP lease, because the NIC has no address of its own";
  return { ...reached, text: `${reached.text}, ${note}` };
}

const problem = "programs that do not bind to a NIC (curl, the SDKs) do not reach IMDS";

/**
 * Why programs that do not bind to a NIC (curl, the SDKs) do not reach IMDS although a NIC does. The
 * fix leads them through the best NIC that does. One difference is that over IPv4 a bound socket
 * needs no route and ignores a prohibit route. Returns null if such programs reach IMDS, or if no NIC
 * does. `kernel` is null if kernel routing was not probed; then the routes of the NICs' paths decide.
 */
export function diagnoseUnboundRouting(
  nics: readonly ProbedNic[],
  kernel: ProbedKernel | null,
): Verdict | null {
  // with a temporary lease, a NIC reaches IMDS although the machine without the lease does not
  const permanent = nics.filter(({ link }) => !link.addresses.some((each) => each.isTemporary));
  const reached = permanent.flatMap(({ link, paths }) =>
    paths.filter(({ verdict }) => verdict.word === "reached").map((path) => ({ ...path, link })),
  );
  const [first] = reached;
  if (first === undefined || kernel?.verdict.word === "reached") return null;
  const { probe, pathFacts, link } = first;
  const address = splitEndpoint(probe.endpoint).host;
  const fix = addRoute(address, nextHopOf(link, pathFacts), pathFacts.unboundEntry);
  const routes = reached.map((path) => path.pathFacts.unboundRoute?.kind);
  if (routes.some((kind) => kind !== "none" && kind !== "forbidden")) {
    if (kernel === null) return null;
    const { word, text } =
      kernel.paths.find((path) => path.probe.endpoint === probe.endpoint)?.verdict ??
      kernel.verdict;
    return toVerdict(word, `${problem}: ${text}`, ...(pathFacts.unboundRoute === null ? [] : fix));
  }
  if (pathFacts.unboundRoute?.kind === "forbidden") {
    const cause = `because a route or a rule forbids ${address} (see ip route get ${address})`;
    const hint = "ec2nic fetch obeys it too, and uses a NIC only with --interface";
    return toVerdict("prohibited", `${problem}, ${cause}; ${hint}`);
  }
  return toVerdict("no-route", `${problem}, because there is no route to ${address}`, ...fix);
}
