import type { Host, HttpTransport } from "../host/host.ts";
import { type Answer, notAnAnswer, transientError } from "./protocol/answer.ts";
import type { ImdsRequest } from "./protocol/request.ts";
import { listFirstRound, waitForNewPath } from "./connect/candidates.ts";
import { type AttemptAnswer, race } from "./connect/race.ts";
import { retry, type RetryLimits } from "./protocol/retry.ts";
import type { ImdsSettings } from "./protocol/settings.ts";
import { isToken, tokenTtlHeader, tokenPath } from "./protocol/token.ts";
import type { ImdsPaths } from "./connect/paths.ts";
import { describePath, type ImdsPath } from "./protocol/path.ts";

/** A path over which IMDS answers, and the token that IMDS issued over this path. */
export interface Connection {
  readonly path: ImdsPath;
  readonly transport: HttpTransport;
  readonly token: string;
}

/** Sends one request. The session counts the request and limits its time. */
export type SendOnce = (
  transport: HttpTransport,
  request: UntimedRequest,
  stop: AbortSignal,
) => Promise<Answer>;
export type UntimedRequest = Omit<ImdsRequest, "tryMs" | "connectMs" | "isShortened">;

export interface ConnectContext {
  readonly settings: ImdsSettings;
  readonly limits: RetryLimits;
  readonly paths: ImdsPaths;
  readonly sendOnce: SendOnce;
}

const maxTokenBytes = 4096;

/**
 * Requests a token over the paths and returns the first that is issued. Throws what `retry` throws.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
 */
export async function acquireToken(
  host: Pick<Host, "clock" | "log" | "signal">,
  { settings, limits, paths, sendOnce }: ConnectContext,
): Promise<Connection> {
  const ttlS = tokenTtlS(settings.timeoutMs);
  const connections = new Map<string, Connection>();
  const requestToken = async (path: ImdsPath, stop: AbortSignal): Promise<AttemptAnswer> => {
    const transport = await paths.open(path);
    if (typeof transport === "string") return transientError(transport, { cause: "path" });
    const answer = rejectNonToken(await sendOnce(transport, tokenRequest(path, ttlS), stop));
    const token = answer.kind === "value" ? decodeLatin1(answer.body) : null;
    if (token !== null) connections.set(describePath(path), { path, transport, token });
    return answer;
  };
  const listRound = async (round: number) =>
    round === 0 ? listFirstRound(settings) : paths.list();
  const untilNewPath = (stop: AbortSignal) => waitForNewPath(host, paths.list, stop);
  const through = settings.nic === null ? "" : ` through ${settings.nic}`;
  const [what, unreached] = [`IMDS${through}`, `IMDS not reached${through}`];
  let winner = "";
  await retry(host, what, { ...limits, untilNewPath, unreached }, async () => {
    const outcome = await race(host, listRound, requestToken);
    paths.keepOnly("path" in outcome ? outcome.path : null);
    if (!("path" in outcome)) return { kind: "error", error: outcome };
    winner = describePath(outcome.path);
    return { kind: "value", body: outcome.body };
  });
  const connection = connections.get(winner);
  if (connection === undefined) throw new Error("retry returned without a token");
  return connection;
}

/** The lifetime to request: 60 s longer than the time limit of the run. IMDS accepts 1 s to 6 h. */
function tokenTtlS(timeoutMs: number): number {
  return Math.min(21_600, Math.ceil(timeoutMs / 1000) + 60);
}

function tokenRequest(path: ImdsPath, ttlS: number): UntimedRequest {
  const headers = { [tokenTtlHeader]: String(ttlS) };
  return { imdsPath: path, method: "PUT", urlPath: tokenPath, headers, maxBytes: maxTokenBytes };
}

/** An answer without a token is retried: early in a boot it can be a 404 or a login form. */
function rejectNonToken(answer: Answer): AttemptAnswer {
  if (answer.kind === "absent") return notAnAnswer("404 instead of a token");
  if (answer.kind === "error" || isToken(decodeLatin1(answer.body))) return answer;
  return notAnAnswer("the answer is not a token");
}

function decodeLatin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
