import type { Host, HttpTransport } from "../host/host.ts";
import { Failure } from "../exit.ts";
import { type Answer, transientError } from "./protocol/answer.ts";
import type { ImdsRequest } from "./protocol/request.ts";
import {
  listFirstRound,
  isReachableThroughNic,
  type PathCandidates,
  listCandidates,
  waitForNewPath,
} from "./connect/candidates.ts";
import { race } from "./connect/race.ts";
import { retry, type RetryLimits } from "./protocol/retry.ts";
import type { ImdsSettings } from "./protocol/settings.ts";
import { isToken, tokenTtlHeader, tokenPath } from "./protocol/token.ts";
import {
  bindHint,
  cannotBindMessage,
  type Links,
  emptyLinkSurvey,
  type Transports,
} from "./connect/transports.ts";
import { describePath, type ImdsPath } from "./protocol/path.ts";

/** What one needs to ask: a way to IMDS, and the token that was given out over it. */
export interface Connection {
  readonly path: ImdsPath;
  readonly transport: HttpTransport;
  readonly token: string;
}

/** Asks once; the session counts it and bounds it in time. */
export type SendOnce = (
  transport: HttpTransport,
  request: UntimedRequest,
  stop: AbortSignal,
) => Promise<Answer>;
export type UntimedRequest = Omit<ImdsRequest, "tryMs" | "connectMs" | "isLast">;

/** What a session has to get passes with. */
export interface ConnectContext {
  readonly settings: ImdsSettings;
  readonly limits: RetryLimits;
  readonly links: Links;
  readonly transports: Transports;
  readonly sendOnce: SendOnce;
}

const metadata = "instance metadata";
const maxBytes = 4096;

/**
 * A new token, over the first way that gives one. Throws what `retry` throws.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
 */
export async function acquireToken(
  host: Pick<Host, "clock" | "log" | "signal">,
  { settings, limits, links, transports, sendOnce }: ConnectContext,
): Promise<Connection> {
  const ttlS = tokenTtlS(settings.timeoutMs);
  const transportsByPath = new Map<string, HttpTransport>();
  const requestToken = async (path: ImdsPath, signal: AbortSignal): Promise<Answer> => {
    const transport = await transports.open(path, { deadlineMs: limits.deadlineMs, signal });
    if (typeof transport === "string") return transientError(transport, { cause: "path" });
    transportsByPath.set(describePath(path), transport);
    return rejectNonToken(await sendOnce(transport, tokenRequest(path, ttlS), signal));
  };
  const listCurrent = (): Promise<PathCandidates> =>
    listCurrentCandidates(settings, links, transports.bindObstacle());
  const untilNewPath = (stop: AbortSignal): Promise<void> =>
    waitForNewPath(host, listCurrent, stop);
  const connections: Connection[] = [];
  const what = settings.nic === null ? metadata : `${metadata} through ${settings.nic}`;
  await retry(host, what, { ...limits, untilNewPath }, async () => {
    const listRound = async (round: number) =>
      round === 0 ? listFirstRound(settings) : listCurrent();
    const outcome = await race(host, listRound, requestToken);
    const path = "path" in outcome ? outcome.path : null;
    transports.keepOnly(path);
    if (!("path" in outcome)) return { kind: "error", error: outcome };
    const transport = transportsByPath.get(describePath(outcome.path));
    if (transport === undefined) throw new Error("an answer comes over a transport");
    connections.push({ path: outcome.path, transport, token: decodeLatin1(outcome.body) });
    return { kind: "value", body: outcome.body };
  });
  const [connection] = connections;
  if (connection === undefined) throw new Error("a token is a value or an error");
  return connection;
}

/** No link is looked at where none could lead to the endpoints, or no socket can be bound to one. */
async function listCurrentCandidates(
  settings: ImdsSettings,
  links: Links,
  obstacle: string | null,
): Promise<PathCandidates> {
  if (obstacle !== null && settings.nic !== null) {
    throw new Failure("UNAVAILABLE", `${settings.nic}: ${cannotBindMessage}: ${obstacle}`, {
      hint: bindHint,
    });
  }
  const isNeeded = isReachableThroughNic(settings) && obstacle === null;
  return listCandidates(
    settings,
    isNeeded ? await links.rank(settings.endpoints) : emptyLinkSurvey,
  );
}

/** The token outlives the run, and not by much: IMDS takes 1 s to 6 h. */
function tokenTtlS(timeoutMs: number): number {
  return Math.min(21_600, Math.ceil(timeoutMs / 1000) + 60);
}

function tokenRequest(path: ImdsPath, ttlS: number): UntimedRequest {
  const headers = { [tokenTtlHeader]: String(ttlS) };
  return { imdsPath: path, method: "PUT", urlPath: tokenPath, headers, maxBytes };
}

/** A 404, an empty page or a login form is no token: in the first moments of a boot it may pass. */
function rejectNonToken(answer: Answer): Answer {
  if (answer.kind === "absent") {
    return transientError("404 where a token should be", { endsAs: "DATAERR" });
  }
  if (answer.kind === "error" || isToken(decodeLatin1(answer.body))) return answer;
  return transientError("the answer is no token", { endsAs: "DATAERR" });
}

function decodeLatin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
