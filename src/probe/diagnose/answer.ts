import { describeMs } from "../../model/text.ts";
import type { Verdict } from "../../model/probe.ts";
import type { ExaminedWay } from "./evidence.ts";

/** What a service that was connected to has come to; null: the path broke after all. */
export function diagnoseAnswer(way: ExaminedWay): Verdict | null {
  const { token, read } = way.probe;
  const step = token?.outcome === "ok" ? read : token;
  const { outcome = "silent", ms = 0 } = step ?? {};
  if (outcome === "ok") {
    return { word: "reached", text: `IMDS answers in ${describeMs(ms)}`, mend: null };
  }
  if (outcome === "silent") return diagnoseSilence(way);
  if (/^\d+$/.test(outcome)) return diagnoseStatus(way, Number(outcome));
  if (outcome === "ECONNRESET" || outcome === "EPIPE") {
    return trouble("IMDS cuts the connection instead of answering");
  }
  if (/^E[A-Z]+$/.test(outcome)) return null;
  const what = outcome === "no-token" ? "200 without a token" : "something that is not HTTP";
  return notImds(way, what);
}

function diagnoseStatus(way: ExaminedWay, status: number): Verdict {
  const times = way.probe.retries === 0 ? "" : ` ${way.probe.retries + 1} times in a row`;
  if (status === 403) {
    const text = "IMDS answers 403: it is switched off for this instance";
    return { word: "switched-off", text, mend: [modifyOptions(way, "--http-endpoint enabled")] };
  }
  if (status === 429 || status === 503) {
    const asks = `who asks so much: ss -tnp dst ${way.address}`;
    const text = `IMDS answers ${status}${times}: throttled${throttleNote(way)}; ${asks}`;
    return { word: "throttled", text, mend: null };
  }
  if (status === 401) return trouble(`IMDS refuses (401) the token that it has just given${times}`);
  if (status === 408 || status >= 500) {
    return trouble(`IMDS answers ${status}${times}: it is in trouble itself; try again later`);
  }
  return notImds(way, `${status}${times}`);
}

function trouble(text: string): Verdict {
  return { word: "trouble", text, mend: null };
}

function notImds({ address }: ExaminedWay, what: string): Verdict {
  const text = `what answers at ${address} is not IMDS: it says ${what}`;
  return { word: "not-imds", text, mend: null };
}

/**
 * The answer to a PUT is sent with the hop limit of the instance's options, which is 1 unless told
 * otherwise, and every other answer is not.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-existing-instances.html
 */
function diagnoseSilence(way: ExaminedWay): Verdict {
  const { token, worthless } = way.probe;
  if (token?.outcome === "silent" && /^\d+$/.test(worthless?.outcome ?? "")) {
    const text =
      "a GET is answered, a PUT for a token never is: its answer may take one hop only, and a " +
      "container's or a bridge's hop lies between";
    const mend = [modifyOptions(way, "--http-put-response-hop-limit 2")];
    return { word: "hop-limit", text, mend };
  }
  const what = token?.outcome === "ok" ? "IMDS gives a token, and then" : "it connects, and then";
  return { word: "silent", text: `${what} nothing comes${throttleNote(way)}`, mend: null };
}

/** To be run where there are AWS credentials, hardly on the instance itself. */
export function modifyOptions({ machine }: Pick<ExaminedWay, "machine">, option: string): string {
  const instance = machine.instanceId ?? "INSTANCE_ID";
  return `aws ec2 modify-instance-metadata-options --instance-id ${instance} ${option}`;
}

/** What the NIC's driver has counted, for the end of a sentence; empty where that is nothing. */
export function throttleNote({ nicFacts, nic }: Pick<ExaminedWay, "nicFacts" | "nic">): string {
  const { exceeded } = nicFacts;
  if (exceeded === null || exceeded === 0) return "";
  const packets = exceeded === 1 ? "1 packet" : `${exceeded} packets`;
  return ` (${nic} has lost ${packets} to its limit for link-local services, linklocal_allowance_exceeded)`;
}
