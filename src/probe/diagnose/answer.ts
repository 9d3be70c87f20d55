import { formatMs } from "../../model/text.ts";
import type { Verdict } from "../../model/probe.ts";
import { droppedNote, type PathEvidence, toVerdict } from "./evidence.ts";
import { modifyOptionsCommand } from "./fixes.ts";

/** The verdict on the answer after a successful connect; null if the connection failed later. */
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
  const answers = `IMDS answers ${status}${times}`;
  if (status === 403 && evidence.isReachedElsewhere) {
    // the option applies to the whole instance, so IMDS is not switched off
    const cause = "although it answers elsewhere, so perhaps a proxy on this path adds headers";
    return toVerdict("switched-off", `IMDS answers 403 here, ${cause}`);
  }
  if (status === 403) {
    const fix = modifyOptionsCommand(evidence, "--http-endpoint enabled");
    // kube2iam #270: a proxy that adds X-Forwarded-For gets 403 too
    const text =
      "IMDS answers 403, because it is switched off for this instance, or a proxy is in between";
    return toVerdict("switched-off", text, fix);
  }
  if (status === 429 || status === 503) {
    const cause = `because requests are throttled${droppedNote(evidence)}`;
    const hint = `to see which programs send them: ss -tnp dst ${address}`;
    return toVerdict("throttled", `${answers}, ${cause}; ${hint}`);
  }
  if (status === 401) {
    const text = `IMDS refuses (401) the token that it has just issued${times}`;
    return toVerdict("service-error", text);
  }
  if (status === 408 || status >= 500) {
    return toVerdict("service-error", `${answers}, an error of IMDS itself; try again later`);
  }
  return notImds(evidence, `${status}${times}`);
}

function notImds({ address }: PathEvidence, answer: string): Verdict {
  const text = `the service at ${address} is not IMDS, because it answers with ${answer}`;
  return toVerdict("not-imds", text);
}

/**
 * IMDS sends the answer to a PUT with the hop limit of the instance's metadata options (default:
 * 1). Every other answer has the usual hop limit.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-existing-instances.html
 */
function diagnoseSilence(evidence: PathEvidence): Verdict {
  const { token, invalidToken } = evidence.probe;
  if (token?.outcome === "silent" && /^\d+$/.test(invalidToken?.outcome ?? "")) {
    const text =
      "IMDS answers a GET, but a token does not arrive, because IMDS sends tokens with a hop limit " +
      "that is too low here: a container or a bridge adds a hop";
    const fix = modifyOptionsCommand(evidence, "--http-put-response-hop-limit 2");
    return toVerdict("hop-limit", text, fix);
  }
  const text =
    token?.outcome === "ok"
      ? "IMDS issues a token, but does not answer the next request"
      : "the connection is established, but IMDS does not answer";
  return toVerdict("silent", `${text}${droppedNote(evidence)}`);
}
