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

/** A working path to IMDS, and the token that was issued over it. */
export interface Connection {
  readonly path: ImdsPath;
  readonly transport: HttpTransport;
  readonly token: string;
}

/** Sends one request; the session counts it and limits its time. */
export type SendOnce = (
  transport: HttpTransport,
  request: UntimedRequest,
  stop: AbortSignal,
) => Promise<Answer>;
export type UntimedRequest = Omit<ImdsRequest, "tryMs" | "connectMs" | "isLast">;

/** What a session connects with. */
export interface ConnectContext {
  readonly settings: ImdsSettings;
  readonly limits: RetryLimits;
  readonly paths: ImdsPaths;
  readonly sendOnce: SendOnce;
}

const maxTokenBytes = 4096;

/**
 * A new token, over the first path that gives one. Throws what `retry` throws.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
 */
export async function acquireToken(
  host: Pick<Host, "clock" | "log" | "signal">,
  { settings, limits, paths, sendOnce }: ConnectContext,
): Promise<Connection> {
  const ttlS = tokenTtlS(settings.timeoutMs);
  const transports = new Map<string, HttpTransport>();
  const requestToken = async (path: ImdsPath, stop: AbortSignal): Promise<AttemptAnswer> => {
    const transport = await paths.open(path);
    if (typeof transport === "string") return transientError(transport, { cause: "path" });
    transports.set(describePath(path), transport);
    return rejectNonToken(await sendOnce(transport, tokenRequest(path, ttlS), stop));
  };
  const listRound = async (round: number) =>
    round === 0 ? listFirstRound(settings) : paths.list();
  const untilNewPath = (stop: AbortSignal) => waitForNewPath(host, paths.list, stop);
  const connections: Connection[] = [];
  const through = settings.nic === null ? "" : ` through ${settings.nic}`;
  const [what, unreached] = [`IMDS${through}`, `IMDS not reached${through}`];
  await retry(host, what, { ...limits, untilNewPath, unreached }, async () => {
    const outcome = await race(host, listRound, requestToken);
    paths.keepOnly("path" in outcome ? outcome.path : null);
    if (!("path" in outcome)) return { kind: "error", error: outcome };
    const { path, body } = outcome;
    const transport = transports.get(describePath(path));
    if (transport === undefined) throw new Error("an answer comes over a transport");
    connections.push({ path, transport, token: decodeLatin1(body) });
    return { kind: "value", body };
  });
  const [connection] = connections;
  if (connection === undefined) throw new Error("retry returned without a token");
  return connection;
}

/** The token outlives the run, and not by much: IMDS accepts 1 s to 6 h. */
function tokenTtlS(timeoutMs: number): number {
  return Math.min(21_600, Math.ceil(timeoutMs / 1000) + 60);
}

function tokenRequest(path: ImdsPath, ttlS: number): UntimedRequest {
  const headers = { [tokenTtlHeader]: String(ttlS) };
  return { imdsPath: path, method: "PUT", urlPath: tokenPath, headers, maxBytes: maxTokenBytes };
}

/** A 404, an empty page or a login form instead of a token may be temporary early in a boot. */
function rejectNonToken(answer: Answer): AttemptAnswer {
  if (answer.kind === "absent") return notAnAnswer("404 where a token should be");
  if (answer.kind === "error" || isToken(decodeLatin1(answer.body))) return answer;
  return notAnAnswer("the answer is no token");
}

function decodeLatin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
