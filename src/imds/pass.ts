import type { Host } from "../host/host.ts";
import { type Answer, trouble } from "./answer.ts";
import type { Question } from "./ask.ts";
import { race } from "./race.ts";
import { retry, type RetryLimits } from "./retry.ts";
import type { ImdsSettings } from "./settings.ts";

/** What one needs to ask: a way to IMDS, and the token that was given out over it. */
export interface Pass {
  readonly endpoint: string;
  readonly token: string;
}

/** Asks once; the session counts it and bounds it in time. */
export type AskOnce = (question: TimelessQuestion, stop: AbortSignal) => Promise<Answer>;
export type TimelessQuestion = Omit<Question, "tryMs" | "connectMs" | "isLast">;

const capBytes = 4096;

/**
 * A new token, from the first endpoint that gives one. Throws what `retry` throws.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
 */
export async function newPass(
  host: Pick<Host, "clock" | "log" | "signal">,
  settings: Pick<ImdsSettings, "endpoints" | "timeoutMs">,
  limits: RetryLimits,
  once: AskOnce,
): Promise<Pass> {
  const lifeS = tokenLifeS(settings.timeoutMs);
  const askForToken = async (endpoint: string, stop: AbortSignal): Promise<Answer> =>
    tokenIn(await once(tokenQuestion(endpoint, lifeS), stop));
  let winner = "";
  const token = await retry(host, "instance metadata", limits, async () => {
    const outcome = await race(host, settings.endpoints, askForToken);
    if (!("candidate" in outcome)) return { kind: "trouble", trouble: outcome };
    winner = outcome.candidate;
    return { kind: "value", body: outcome.body };
  });
  return { endpoint: winner, token: textOf(token ?? new Uint8Array()) };
}

/** The token outlives the run, and not by much: IMDS takes 1 s to 6 h. */
function tokenLifeS(timeoutMs: number): number {
  return Math.min(21_600, Math.ceil(timeoutMs / 1000) + 60);
}

function tokenQuestion(endpoint: string, lifeS: number): TimelessQuestion {
  const headers = { "x-aws-ec2-metadata-token-ttl-seconds": String(lifeS) };
  return { endpoint, method: "PUT", path: "/latest/api/token", headers, capBytes };
}

/** A 404, an empty page or a login form is no token: in the first moments of a boot it may pass. */
function tokenIn(answer: Answer): Answer {
  if (answer.kind === "absent") {
    return trouble("404 where a token should be", { endsAs: "DATAERR" });
  }
  if (answer.kind === "trouble" || /^[\x21-\x7e]+$/.test(textOf(answer.body))) return answer;
  return trouble("the answer is no token", { endsAs: "DATAERR" });
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
