import type { Host, HttpTransport } from "../host/host.ts";
import { Failure } from "../exit.ts";
import { type Answer, trouble } from "./protocol/answer.ts";
import type { Question } from "./protocol/request.ts";
import { firstHeat, isReachedByNics, type LineUp, lineUp, newcomer } from "./connect/candidates.ts";
import { race } from "./connect/race.ts";
import { retry, type RetryLimits } from "./protocol/retry.ts";
import type { ImdsSettings } from "./protocol/settings.ts";
import { isToken, lifeHeader, tokenPath } from "./protocol/token.ts";
import {
  bindHint,
  cannotBind,
  type Links,
  noRanked,
  type Transports,
} from "./connect/transports.ts";
import { nameOfWay, type Way } from "./protocol/path.ts";

/** What one needs to ask: a way to IMDS, and the token that was given out over it. */
export interface Pass {
  readonly way: Way;
  readonly transport: HttpTransport;
  readonly token: string;
}

/** Asks once; the session counts it and bounds it in time. */
export type AskOnce = (
  transport: HttpTransport,
  question: TimelessQuestion,
  stop: AbortSignal,
) => Promise<Answer>;
export type TimelessQuestion = Omit<Question, "tryMs" | "connectMs" | "isLast">;

/** What a session has to get passes with. */
export interface PassOffice {
  readonly settings: ImdsSettings;
  readonly limits: RetryLimits;
  readonly links: Links;
  readonly transports: Transports;
  readonly once: AskOnce;
}

const metadata = "instance metadata";
const capBytes = 4096;

/**
 * A new token, over the first way that gives one. Throws what `retry` throws.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
 */
export async function newPass(
  host: Pick<Host, "clock" | "log" | "signal">,
  { settings, limits, links, transports, once }: PassOffice,
): Promise<Pass> {
  const lifeS = tokenLifeS(settings.timeoutMs);
  const used = new Map<string, HttpTransport>();
  const askForToken = async (way: Way, signal: AbortSignal): Promise<Answer> => {
    const transport = await transports.of(way, { deadlineMs: limits.deadlineMs, signal });
    if (typeof transport === "string") return trouble(transport, { suspect: "path" });
    used.set(nameOfWay(way), transport);
    return tokenIn(await once(transport, tokenQuestion(way, lifeS), signal));
  };
  const present = (): Promise<LineUp> => lineUpNow(settings, links, transports.obstacle());
  const sooner = (stop: AbortSignal): Promise<void> => newcomer(host, present, stop);
  const passes: Pass[] = [];
  const what = settings.nic === null ? metadata : `${metadata} through ${settings.nic}`;
  await retry(host, what, { ...limits, sooner }, async () => {
    const field = async (heat: number) => (heat === 0 ? firstHeat(settings) : present());
    const outcome = await race(host, field, askForToken);
    const way = "way" in outcome ? outcome.way : null;
    transports.keepOnly(way);
    if (!("way" in outcome)) return { kind: "trouble", trouble: outcome };
    const transport = used.get(nameOfWay(outcome.way));
    if (transport === undefined) throw new Error("an answer comes over a transport");
    passes.push({ way: outcome.way, transport, token: textOf(outcome.body) });
    return { kind: "value", body: outcome.body };
  });
  const [pass] = passes;
  if (pass === undefined) throw new Error("a token is a value or an error");
  return pass;
}

/** No link is looked at where none could lead to the endpoints, or no socket can be bound to one. */
async function lineUpNow(
  settings: ImdsSettings,
  links: Links,
  obstacle: string | null,
): Promise<LineUp> {
  if (obstacle !== null && settings.nic !== null) {
    throw new Failure("UNAVAILABLE", `${settings.nic}: ${cannotBind}: ${obstacle}`, {
      hint: bindHint,
    });
  }
  const isNeeded = isReachedByNics(settings) && obstacle === null;
  return lineUp(settings, isNeeded ? await links.rank(settings.endpoints) : noRanked);
}

/** The token outlives the run, and not by much: IMDS takes 1 s to 6 h. */
function tokenLifeS(timeoutMs: number): number {
  return Math.min(21_600, Math.ceil(timeoutMs / 1000) + 60);
}

function tokenQuestion(way: Way, lifeS: number): TimelessQuestion {
  const headers = { [lifeHeader]: String(lifeS) };
  return { way, method: "PUT", path: tokenPath, headers, capBytes };
}

/** A 404, an empty page or a login form is no token: in the first moments of a boot it may pass. */
function tokenIn(answer: Answer): Answer {
  if (answer.kind === "absent") {
    return trouble("404 where a token should be", { endsAs: "DATAERR" });
  }
  if (answer.kind === "trouble" || isToken(textOf(answer.body))) return answer;
  return trouble("the answer is no token", { endsAs: "DATAERR" });
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
