import { createFetch } from "ofetch";
import type { Host } from "../../host/host.ts";
import { splitEndpoint } from "../../model/ip.ts";

export interface HttpRequest {
  readonly method: "GET" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A longer body is not read to its end. */
  readonly maxBytes: number;
  /** The time limit for the whole request: connect, headers and body. */
  readonly timeoutMs: number;
  /** The time limit for the connect; null if the connect has no limit except `timeoutMs`. */
  readonly connectMs: number | null;
}

/** The result of one request, and how long the request took. */
export type HttpResult = (HttpResponse | HttpError) & { readonly ms: number };

export interface HttpResponse {
  readonly kind: "response";
  readonly status: number;
  readonly headers: Headers;
  readonly body: HttpBody;
}

export type HttpBody =
  | { readonly kind: "complete"; readonly bytes: Uint8Array }
  | { readonly kind: "too-large" }
  | HttpError;

/** The reason why there is no response, or why the body of a response is incomplete. */
export interface HttpError {
  /**
   * `timeout`: `timeoutMs` passed. `connect-timeout`: `connectMs` passed. `failed`: see `codes`.
   */
  readonly kind: "timeout" | "connect-timeout" | "failed";
  /** Codes such as `ECONNREFUSED`: first that of the error, then those of its causes. */
  readonly codes: readonly string[];
  readonly message: string;
}

/**
 * Sends one request and reads the body up to `maxBytes`, even if the status is an error, because an
 * unread body would prevent the reuse of the connection. Redirects are not followed, bodies are not
 * decoded, and no proxy is used (see `systemHttp`). Errors are returned. Only the reason of `stop`
 * is thrown, when `stop` fires.
 */
export async function exchange(
  host: Pick<Host, "http" | "clock">,
  request: HttpRequest,
  stop: AbortSignal,
): Promise<HttpResult> {
  const startMs = host.clock.now();
  const { signal, describeError, clear } = startTimers(host.http, request);
  let result: HttpResponse | HttpError;
  try {
    const response = await send(host.http, request, AbortSignal.any([stop, signal]));
    const { status, headers } = response;
    const body = await readBody(response, request.maxBytes, describeError);
    result = { kind: "response", status, headers, body };
  } catch (error) {
    result = describeError(error);
  } finally {
    clear();
  }
  stop.throwIfAborted();
  return { ...result, ms: Math.round(host.clock.now() - startMs) };
}

function send(
  http: Host["http"],
  { url, method, headers }: HttpRequest,
  signal: AbortSignal,
): Promise<Response> {
  // oxlint-disable-next-line no-unsafe-type-assertion -- Bun's type of fetch demands `preconnect`
  const fetchWithoutParsing = createFetch({ fetch: http.fetch as typeof fetch });
  return fetchWithoutParsing.raw(url, {
    method,
    headers: { ...headers, "accept-encoding": "identity" },
    redirect: "manual", // a redirect would take the token to another server
    retry: 0, // a retry of ofetch reuses the aborted signal after a timeout, and so fails at once
    signal, // instead of `timeout`, because that option does not limit the time for the body
    responseType: "stream", // without parsing, because "123" would become a number
    ignoreResponseError: true, // `classifyStatus` decides what a status means
  });
}

/** Reads at most `maxBytes`, because fetch has no such limit. */
async function readBody(
  response: Response,
  maxBytes: number,
  describeError: (error: unknown) => HttpError,
): Promise<HttpBody> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > maxBytes) return { kind: "too-large" };
      chunks.push(chunk);
    }
  } catch (error) {
    return describeError(error);
  }
  return { kind: "complete", bytes: Buffer.concat(chunks) };
}

/** The time limits of a request. `signal` fires when one of them has passed. */
function startTimers(http: Host["http"], { url, timeoutMs, connectMs }: HttpRequest) {
  const expiry = new AbortController();
  let expired: HttpError | null = null;
  const expire = (kind: HttpError["kind"], message: string): void => {
    expired ??= { kind, codes: [], message };
    expiry.abort(new Error(message));
  };
  const timer = setTimeout(
    () => expire("timeout", `no complete answer within ${timeoutMs} ms`),
    timeoutMs,
  );
  const connectTimer = setTimeout(async () => {
    if (connectMs === null || (await isConnectable(http, url, connectMs))) return;
    expire("connect-timeout", `no connection within ${connectMs} ms`);
  }, connectCheckDelayMs);
  return {
    signal: expiry.signal,
    /** If a time limit has passed, returns the error for that limit instead of the given error. */
    describeError: (error: unknown): HttpError =>
      expired ?? { kind: "failed", codes: listErrorCodes(error), message: String(error) },
    clear: (): void => {
      clearTimeout(timer);
      clearTimeout(connectTimer);
    },
  };
}

/** A healthy IMDS answers long before this time, and then no connect check is needed. */
const connectCheckDelayMs = 500;

/**
 * Whether a second connection to the same service can be established in the rest of `connectMs`. If
 * not, the path to the service does not work. fetch alone does not distinguish an unfinished
 * connect from a slow server.
 */
async function isConnectable(
  { canConnect }: Host["http"],
  url: string,
  connectMs: number,
): Promise<boolean> {
  const leftMs = connectMs - connectCheckDelayMs;
  if (canConnect === null || leftMs <= 0) return true;
  const { host: address, port } = splitEndpoint(url);
  return canConnect(address, port, leftMs);
}

/** The code of an error, then the codes of its causes. Errors without a code are skipped. */
export function listErrorCodes(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const own = "code" in error ? [String(error.code)] : [];
  return [...own, ...listErrorCodes(error.cause)];
}
