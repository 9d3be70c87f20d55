import { createFetch } from "ofetch";
import type { Host } from "../../host/host.ts";
import { splitEndpoint } from "../../model/ip.ts";

export interface HttpRequest {
  readonly method: "GET" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A longer body is not read to its end. */
  readonly maxBytes: number;
  /** For everything: connect, headers, body. */
  readonly timeoutMs: number;
  /** The part of it within which the connection must be established; null: no limit of its own. */
  readonly connectMs: number | null;
}

/** What one request gave, and how long it took. */
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

/** Why there is no response, or why its body is incomplete. */
export interface HttpError {
  /** `timeout`: after `timeoutMs`; `connect-timeout`: after `connectMs`; `failed`: see `codes`. */
  readonly kind: "timeout" | "connect-timeout" | "failed";
  /** Of the error and its causes, outermost first, such as `ECONNREFUSED`; empty: it has none. */
  readonly codes: readonly string[];
  readonly message: string;
}

/**
 * Sends one request and reads its body up to `maxBytes`, whatever the status is: an unread body
 * would prevent the reuse of the connection. Redirects are not followed, bodies are not decoded, a
 * proxy is not used (see `systemHttp`). Errors are returned; throws only the reason of `stop`.
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
    retry: 0, // its retry after a timeout reuses the aborted signal, and so fails at once
    signal, // and no `timeout`: that one ends with the headers, and leaves out the body
    responseType: "stream", // no parsing: "123" would become a number
    ignoreResponseError: true, // 404 is a value, and other statuses are judged by `classifyStatus`
  });
}

/** Reads no further than the limit: fetch itself has none. */
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

interface Timers {
  /** Aborted as soon as one of the request's time limits has passed. */
  readonly signal: AbortSignal;
  /** A time limit that has passed is the reason of whatever failed after it. */
  readonly describeError: (error: unknown) => HttpError;
  readonly clear: () => void;
}

function startTimers(http: Host["http"], { url, timeoutMs, connectMs }: HttpRequest): Timers {
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
    describeError: (error) =>
      expired ?? { kind: "failed", codes: listErrorCodes(error), message: String(error) },
    clear: () => {
      clearTimeout(timer);
      clearTimeout(connectTimer);
    },
  };
}

/** An established connection is not checked earlier: a healthy IMDS has answered long before. */
const connectCheckDelayMs = 500;

/**
 * fetch does not tell an unfinished connect from a server that is slow to answer. So a request that
 * takes long is checked from outside: if a second connection cannot be established either within
 * what is left of `connectMs`, the path to the service does not work.
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

/** The `code` of an error and of its causes, outermost first, as far as they have any. */
export function listErrorCodes(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const own = "code" in error ? [String(error.code)] : [];
  return [...own, ...listErrorCodes(error.cause)];
}
