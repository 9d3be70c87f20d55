import { formatMs } from "../../model/text.ts";
import type { Verdict } from "../../model/probe.ts";
import type { PathEvidence } from "./evidence.ts";

/** What a service that was connected to has come to; null: the path broke after all. */
export function diagnoseAnswer(evidence: PathEvidence): Verdict | null {
  const { token, read } = evidence.probe;
  const step = token?.outcome === "ok" ? read : token;
  const { outcome = "silent", ms = 0 } = step ?? {};
  if (outcome === "ok") {
    return { word: "reached", text: `IMDS answers in ${formatMs(ms)}`, fix: null };
  }
  if (outcome === "silent") return diagnoseSilentAnswer(evidence);
  if (/^\d+$/.test(outcome)) return diagnoseStatus(evidence, Number(outcome));
  if (outcome === "ECONNRESET" || outcome === "EPIPE") {
    return serviceErrorVerdict("IMDS cuts the connection instead of answering");
  }
  if (/^E[A-Z]+$/.test(outcome)) return null;
  const answer = outcome === "no-token" ? "200 without a token" : "something that is not HTTP";
  return notImdsVerdict(evidence, answer);
}

function diagnoseStatus(evidence: PathEvidence, status: number): Verdict {
  const times = evidence.probe.retries === 0 ? "" : ` ${evidence.probe.retries + 1} times in a row`;
  if (status === 403) {
    const text = "IMDS answers 403: it is switched off for this instance";
    return {
      word: "switched-off",
      text,
      fix: [modifyOptionsCommand(evidence, "--http-endpoint enabled")],
    };
  }
  if (status === 429 || status === 503) {
    const clientsHint = `who asks so much: ss -tnp dst ${evidence.address}`;
    const text = `IMDS answers ${status}${times}: throttled${throttleNote(evidence)}; ${clientsHint}`;
    return { word: "throttled", text, fix: null };
  }
  if (status === 401)
    return serviceErrorVerdict(`IMDS refuses (401) the token that it has just given${times}`);
  if (status === 408 || status >= 500) {
    return serviceErrorVerdict(
      `IMDS answers ${status}${times}: it is in trouble itself; try again later`,
    );
  }
  return notImdsVerdict(evidence, `${status}${times}`);
}

function serviceErrorVerdict(text: string): Verdict {
  return { word: "trouble", text, fix: null };
}

function notImdsVerdict({ address }: PathEvidence, answer: string): Verdict {
  const text = `what answers at ${address} is not IMDS: it says ${answer}`;
  return { word: "not-imds", text, fix: null };
}

/**
 * The answer to a PUT is sent with the hop limit of the instance's options, which is 1 unless told
 * otherwise, and every other answer is not.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-existing-instances.html
 */
function diagnoseSilentAnswer(evidence: PathEvidence): Verdict {
  const { token, invalidToken } = evidence.probe;
  if (token?.outcome === "silent" && /^\d+$/.test(invalidToken?.outcome ?? "")) {
    const text =
      "a GET is answered, a PUT for a token never is: its answer may take one hop only, and a " +
      "container's or a bridge's hop lies between";
    const fix = [modifyOptionsCommand(evidence, "--http-put-response-hop-limit 2")];
    return { word: "hop-limit", text, fix: fix };
  }
  const answer = token?.outcome === "ok" ? "IMDS gives a token, and then" : "it connects, and then";
  return { word: "silent", text: `${answer} nothing comes${throttleNote(evidence)}`, fix: null };
}

/** To be run where there are AWS credentials, hardly on the instance itself. */
export function modifyOptionsCommand(
  { machine }: Pick<PathEvidence, "machine">,
  option: string,
): string {
  const instance = machine.instanceId ?? "INSTANCE_ID";
  return `aws ec2 modify-instance-metadata-options --instance-id ${instance} ${option}`;
}

/** What the NIC's driver has counted, for the end of a sentence; empty where that is nothing. */
export function throttleNote({ nicFacts, nic }: Pick<PathEvidence, "nicFacts" | "nic">): string {
  const { exceeded } = nicFacts;
  if (exceeded === null || exceeded === 0) return "";
  const packets = exceeded === 1 ? "1 packet" : `${exceeded} packets`;
  return ` (${nic} has lost ${packets} to its limit for link-local services, linklocal_allowance_exceeded)`;
}
