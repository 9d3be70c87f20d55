import { createFetch } from "ofetch";
import type { Host } from "../../host/host.ts";
import { Failure } from "../../exit.ts";
import { type Answer, classifyStatus, transientError } from "./answer.ts";
import { splitEndpoint } from "./endpoint.ts";
import { describePath, type ImdsPath } from "./path.ts";

/** One request to one endpoint. */
export interface ImdsRequest {
  readonly imdsPath: ImdsPath;
  readonly method: "GET" | "PUT";
  /** As `urlPathOf` gives it. */
  readonly urlPath: string;
  readonly headers: Readonly<Record<string, string>>;
  /** More bytes than this are no answer. */
  readonly maxBytes: number;
  /** For everything: connect, headers, body. */
  readonly tryMs: number;
  /** The part of it in which a connection must stand; null: one has stood before. */
  readonly connectMs: number | null;
  /** `tryMs` is what is left of the run, and less than a try should have. */
  readonly isLast: boolean;
}

/** A connection that stands is not looked for earlier: a healthy IMDS has long answered by then. */
const connectionProbeDelayMs = 500;

/**
 * Asks once; `stop` ends it early. Throws a `Failure` for a final answer (400, 403, 3xx), and the
 * reason of `stop`.
 */
export async function sendRequest(
  host: Pick<Host, "http" | "clock" | "log">,
  request: ImdsRequest,
  stop: AbortSignal,
): Promise<Answer> {
  const startMs = host.clock.now();
  const tryAbort = new AbortController();
  const timer = setTimeout(() => tryAbort.abort(createTryTimeout(request.tryMs)), request.tryMs);
  const connectionProbe = setTimeout(
    () => void abortUnlessConnectable(host, request, tryAbort),
    connectionProbeDelayMs,
  );
  try {
    const answer = await sendAndRead(host, request, AbortSignal.any([stop, tryAbort.signal]));
    stop.throwIfAborted(); // an unread rest of an error page does not tell
    host.log.verbose(
      `${describeRequest(request)}: ${describeAnswer(answer)} ${formatElapsed(host, startMs)}`,
    );
    return answer;
  } catch (error) {
    if (stop.aborted) throw stop.reason;
    const reason = tryAbort.signal.aborted ? tryAbort.signal.reason : error;
    const answer = classifyError(reason, request.isLast);
    host.log.verbose(
      `${describeRequest(request)}: ${describeAnswer(answer)} ${formatElapsed(host, startMs)}`,
    );
    return answer;
  } finally {
    clearTimeout(timer);
    clearTimeout(connectionProbe);
  }
}

async function sendAndRead(
  host: Pick<Host, "http">,
  request: ImdsRequest,
  signal: AbortSignal,
): Promise<Answer> {
  // ofetch's own retry, timeout and parsing are off: its retries never reach the server after a
  // timeout, its timeout leaves out the body, and it would turn "123" into a number
  // oxlint-disable-next-line no-unsafe-type-assertion -- Bun's type of fetch demands `preconnect`
  const fetchWithoutParsing = createFetch({ fetch: host.http.fetch as typeof fetch });
  const response = await fetchWithoutParsing.raw(request.imdsPath.endpoint + request.urlPath, {
    method: request.method,
    headers: { ...request.headers, "accept-encoding": "identity" },
    redirect: "manual",
    retry: 0,
    responseType: "stream",
    ignoreResponseError: true,
    signal,
  });
  const retryAfter = response.headers.get("retry-after");
  const failure = classifyStatus(describeRequest(request), response.status, retryAfter, Date.now());
  const contentEncoding = response.headers.get("content-encoding") ?? "identity";
  if (failure === null && contentEncoding === "identity")
    return readBody(response, request.maxBytes);
  await drain(response, request.maxBytes);
  return (
    failure ??
    transientError(
      `the answer is in a coding (${contentEncoding.slice(0, 40)}) that was not asked for`,
      {
        endsAs: "DATAERR",
      },
    )
  );
}

/** Reads no further than the cap: fetch itself has no limit. */
async function readBody(response: Response, maxBytes: number): Promise<Answer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) {
      return transientError(`the answer is larger than ${maxBytes} bytes`, { endsAs: "DATAERR" });
    }
    chunks.push(chunk);
  }
  return { kind: "value", body: Buffer.concat(chunks) };
}

/** An unread body would cost the connection; a long one is not worth it. */
async function drain(response: Response, maxBytes: number): Promise<void> {
  await readBody(response, maxBytes).catch(() => undefined);
}

class ConnectTimeout extends Error {}

class TryTimeout extends Error {}

function createTryTimeout(tryMs: number): TryTimeout {
  return new TryTimeout(`no whole answer within ${tryMs} ms`);
}

/**
 * fetch does not tell a connection that does not stand from a server that thinks. So a try that
 * takes long is checked from outside: where a second connection does not stand either when
 * `connectMs` is over, the way to the service is dead and the try is cut.
 */
async function abortUnlessConnectable(
  host: Pick<Host, "http">,
  request: ImdsRequest,
  tryAbort: AbortController,
): Promise<void> {
  if (request.connectMs === null || host.http.canConnect === null) return;
  const { host: address, port } = splitEndpoint(request.imdsPath.endpoint);
  const leftMs = request.connectMs - connectionProbeDelayMs;
  if (leftMs <= 0 || (await host.http.canConnect(address, port, leftMs))) return;
  tryAbort.abort(new ConnectTimeout(`no connection within ${request.connectMs} ms`));
}

/** Codes of Bun 1.4.5's fetch, of sockets bound to a NIC, and of systemd-imdsd's transport. */
const pathErrorReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection was cut",
  ENETUNREACH: "no way there (no route)",
  EADDRNOTAVAIL: "no way there (no address to ask from)",
  EHOSTUNREACH: "no way there (nobody answers on the link)",
  ENETDOWN: "no way there (the link is down)",
  ENODEV: "no way there (the nic is gone)",
  ENXIO: "no way there (the nic is gone)",
  EPERM: "no way there (a socket may not be bound to a nic here)",
  ECONNABORTED: "the connection was cut",
  EPIPE: "the connection was cut",
  EMSGSIZE: "the answer of systemd-imdsd is too long",
  EBADMSG: "the answer of systemd-imdsd is not Varlink",
  EACCES: "no way there (a route forbids it)",
  ETIMEDOUT: "no connection in time",
  EAI_AGAIN: "its name cannot be resolved",
  ENOTFOUND: "its name cannot be resolved",
};

function classifyError(error: unknown, isCutByDeadline: boolean): Answer {
  if (error instanceof ConnectTimeout) return transientError(error.message, { cause: "path" });
  if (error instanceof TryTimeout) {
    return transientError(error.message, { cause: "path", isCutByDeadline });
  }
  if (error instanceof Failure) throw error;
  const [code = ""] = listErrorCodes(error);
  const reason = pathErrorReasons[code];
  if (reason !== undefined) return transientError(reason, { cause: "path" });
  return transientError(`the answer is not HTTP (${code || String(error)})`, { endsAs: "DATAERR" });
}

function describeAnswer(answer: Answer): string {
  if (answer.kind === "value") return `200, ${answer.body.length} bytes`;
  return answer.kind === "absent" ? "404" : answer.error.reason;
}

function describeRequest({ method, imdsPath, urlPath }: ImdsRequest): string {
  const viaSuffix = describePath(imdsPath).slice(imdsPath.endpoint.length);
  return `${method} ${imdsPath.endpoint}${urlPath}${viaSuffix}`;
}

function formatElapsed(host: Pick<Host, "clock">, startMs: number): string {
  return `(${Math.round(host.clock.now() - startMs)} ms)`;
}

/** The `code` of an error, then that of its cause, as far as they have any: ofetch wraps. */
export function listErrorCodes(error: unknown): readonly string[] {
  const errors = [error, error instanceof Error ? error.cause : undefined];
  return errors.flatMap((each) =>
    each instanceof Error && "code" in each ? [String(each.code)] : [],
  );
}
