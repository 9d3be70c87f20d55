import { formatMs } from "../../model/text.ts";
import type { Verdict } from "../../model/probe.ts";
import { droppedNote, type PathEvidence, toVerdict } from "./evidence.ts";
import { modifyOptionsCommand } from "./fixes.ts";

/** What the service answered once it was connected; null: the path failed after all. */
export function diagnoseAnswer(evidence: PathEvidence): Verdict | null {
  const { token, read } = evidence.probe;
  const step = token?.outcome === "ok" ? read : token;
  const { outcome = "silent", ms = 0 } = step ?? {};
  if (outcome === "ok") return toVerdict("reached", `IMDS answers in ${formatMs(ms)}`);
  if (outcome === "silent") return diagnoseSilence(evidence);
  if (/^\d+$/.test(outcome)) return diagnoseStatus(evidence, Number(outcome));
  if (outcome === "ECONNRESET" || outcome === "EPIPE") {
    return toVerdict("service-error", "IMDS closes the connection without an answer");
  }
  if (/^E[A-Z]+$/.test(outcome)) return null;
  const answer = outcome === "no-token" ? "200 without a token" : "something that is not HTTP";
  return notImds(evidence, answer);
}

function diagnoseStatus(evidence: PathEvidence, status: number): Verdict {
  const { probe, address } = evidence;
  const times = probe.retries === 0 ? "" : `, ${probe.retries + 1} times in a row`;
  if (status === 403) {
    const text = "IMDS answers 403: it is switched off for this instance";
    const fix = modifyOptionsCommand(evidence, "--http-endpoint enabled");
    return toVerdict("switched-off", text, fix);
  }
  if (status === 429 || status === 503) {
    const cause = `requests are throttled${droppedNote(evidence)}`;
    const hint = `to see which programs send them: ss -tnp dst ${address}`;
    return toVerdict("throttled", `IMDS answers ${status}${times}: ${cause}; ${hint}`);
  }
  if (status === 401) {
    const text = `IMDS refuses (401) the token that it has just issued${times}`;
    return toVerdict("service-error", text);
  }
  if (status === 408 || status >= 500) {
    const text = `IMDS answers ${status}${times}: an error of IMDS itself; try again later`;
    return toVerdict("service-error", text);
  }
  return notImds(evidence, `${status}${times}`);
}

function notImds({ address }: PathEvidence, answer: string): Verdict {
  return toVerdict("not-imds", `the service at ${address} is not IMDS: it answers with ${answer}`);
}

/**
 * The answer to a PUT is sent with the hop limit of the instance's metadata options, 1 by default;
 * every other answer has the usual hop limit.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-existing-instances.html
 */
function diagnoseSilence(evidence: PathEvidence): Verdict {
  const { token, invalidToken } = evidence.probe;
  if (token?.outcome === "silent" && /^\d+$/.test(invalidToken?.outcome ?? "")) {
    const text =
      "IMDS answers a GET, but its answer to the PUT for a token does not arrive: the hop limit of " +
      "that answer is too low, because a container or a bridge adds a hop";
    const fix = modifyOptionsCommand(evidence, "--http-put-response-hop-limit 2");
    return toVerdict("hop-limit", text, fix);
  }
  const text =
    token?.outcome === "ok"
      ? "IMDS issues a token, but does not answer the next request"
      : "the connection is established, but IMDS does not answer";
  return toVerdict("silent", `${text}${droppedNote(evidence)}`);
}
