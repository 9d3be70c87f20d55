import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { MetadataPath } from "../model/metadata.ts";
import { type Answer, notAnAnswer } from "./protocol/answer.ts";
import { sendRequest } from "./protocol/request.ts";
import { toUrlPath } from "./protocol/key.ts";
import { isReachableThroughNic } from "./connect/candidates.ts";
import { createSemaphore, createRateLimiter } from "./protocol/rate-limit.ts";
import {
  acquireToken,
  type Connection,
  type SendOnce,
  type UntimedRequest,
} from "./acquire-token.ts";
import { retry } from "./protocol/retry.ts";
import type { ImdsSettings } from "./protocol/settings.ts";
import { tokenHeader } from "./protocol/token.ts";
import { openPaths } from "./connect/paths.ts";
import { pathNic, tryLimitMs, type ImdsPath } from "./protocol/path.ts";

/** The requests of a run: one token, one path, at most 6 requests in flight and 100 a second. */
export interface ImdsSession {
  /**
   * Sends a GET, and retries it after transient errors. Returns the body, or null for a 404. Throws
   * `UNAVAILABLE`, `DATAERR` or `CONFIG`; an error is never returned as an empty value.
   */
  readonly get: (metadataPath: MetadataPath, options?: GetOptions) => Promise<Uint8Array | null>;
  /**
   * Sends one GET without a retry, and returns its transient error. The PUT for the token is still
   * retried. Throws after a final refusal (400, 403, redirect), or if no token was issued.
   */
  readonly tryGet: (metadataPath: MetadataPath, options?: TryGetOptions) => Promise<Answer>;
  readonly stats: () => ImdsStats;
  /** When the run must end, on `Clock.now`. */
  readonly deadlineMs: number;
  /** The most retries of one request. Infinity means that only the deadline ends the retries. */
  readonly retries: number;
  /** Closes every connection, and removes every temporary address. */
  readonly close: () => Promise<void>;
}

export interface GetOptions extends TryGetOptions {
  /** A 404 is retried until the deadline. */
  readonly awaitAbsent?: boolean;
}

export interface TryGetOptions {
  /**
   * An empty body is a transient error, because the caller needs a value, which comes later. By
   * default it is a value: many leaves are listed and stay empty (`public-hostname` in a VPC without
   * DNS host names, eks-ami #2031).
   */
  readonly isNeeded?: boolean;
  /** Adds a slash at the end of the path. AWS documents the listing of a folder with that slash. */
  readonly asFolder?: boolean;
}

/** What `--json` prints about the session. */
export interface ImdsStats {
  /** The endpoint that issued the token; null if no token was issued yet. */
  readonly endpoint: string | null;
  /** The NIC that the sockets were bound to; null if they were not bound. */
  readonly interface: string | null;
  /** How the endpoint was reached; null if no token was issued yet. */
  readonly through: "routing" | "nic" | "imdsd" | null;
  readonly requests: number;
  /** How many requests were retries. */
  readonly retries: number;
}

const maxInFlight = 6;
const maxLeafBytes = 262_144;
const maxUserDataBytes = 1_048_576;
/** The limit for all answers of a run together. A whole tree has some 20 KB. */
const maxTotalBytes = 67_108_864;

/** Opens no connection. The first `get` or `tryGet` requests a token. */
export function openSession(host: Host, settings: ImdsSettings): ImdsSession {
  const deadlineMs = host.clock.now() + settings.timeoutMs;
  const { retries } = settings;
  const count = { requests: 0, retries: 0 };
  const onRetry = (): void => void (count.retries += 1);
  const limits = { deadlineMs, retries, awaitAbsent: false, onRetry };
  const sendOnce = createSendOnce(host, settings, deadlineMs, () => void (count.requests += 1));
  const paths = openPaths(host, settings, deadlineMs);
  const acquire = () => acquireToken(host, { settings, limits, paths, sendOnce });
  const connected = createConnectedGet(settings, acquire, (connection, request) =>
    sendOnce(connection.transport, request, host.signal),
  );
  return {
    get: (path, { awaitAbsent = false, ...options } = {}) =>
      retry(host, buildUrlPath(path, options), { ...limits, awaitAbsent }, () =>
        connected.get(path, options),
      ),
    tryGet: (path, options = {}) =>
      connected.get(path, options).catch((error: unknown) => {
        connected.disconnect(); // the next request acquires a token again
        throw error;
      }),
    stats: () => ({ ...describeUsedPath(connected.usedPath()), ...count }),
    deadlineMs,
    retries,
    close: paths.close,
  };
}

/** Sends GETs over one connection. The first GET, and the next after a failure, acquires it. */
function createConnectedGet(
  settings: ImdsSettings,
  acquire: () => Promise<Connection>,
  send: (connection: Connection, request: UntimedRequest) => Promise<Answer>,
) {
  const semaphore = createSemaphore(maxInFlight);
  let connection: Promise<Connection> | null = null;
  let usedPath: ImdsPath | null = null;
  const get = async (metadataPath: MetadataPath, options: TryGetOptions): Promise<Answer> => {
    const current = (connection ??= acquire());
    const established = await current;
    const { path, token } = established;
    usedPath = path;
    const urlPath = buildUrlPath(metadataPath, options);
    const maxBytes = urlPath === "/latest/user-data" ? maxUserDataBytes : maxLeafBytes;
    const headers = { [tokenHeader]: token };
    const request = { imdsPath: path, method: "GET", urlPath, headers, maxBytes } as const;
    const answer = await send(established, request);
    // if another request has acquired a new connection meanwhile, that connection stays
    if (connection === current && shouldReconnect(answer, settings)) connection = null;
    return options.isNeeded === true ? rejectEmpty(answer) : answer;
  };
  return {
    // waits for the semaphore before it takes the token, which could expire during the wait
    get: (path: MetadataPath, options: TryGetOptions): Promise<Answer> =>
      semaphore(() => get(path, options), options.asFolder === true ? "high" : "low"),
    disconnect: (): void => void (connection = null),
    usedPath: (): ImdsPath | null => usedPath,
  };
}

/**
 * Creates the function that sends each request of a session, within the limits of a try and of the
 * run. It throws `DATAERR` if all answers of the session together exceed `maxTotalBytes`, because
 * they stay in memory.
 */
function createSendOnce(
  host: Pick<Host, "clock" | "log" | "signal">,
  settings: Pick<ImdsSettings, "tryMs" | "connectMs">,
  deadlineMs: number,
  onRequest: () => void,
): SendOnce {
  const rateLimiter = createRateLimiter(host);
  let received = 0;
  return (http, request, stop) =>
    rateLimiter(async () => {
      onRequest();
      const leftMs = Math.max(1, Math.ceil(deadlineMs - host.clock.now()));
      const limitMs = tryLimitMs(settings.tryMs, request.imdsPath);
      const tryMs = Math.min(limitMs, leftMs);
      const connectMs = request.method === "PUT" ? settings.connectMs : null;
      const times = { tryMs, connectMs, isShortened: leftMs < limitMs };
      const answer = await sendRequest({ ...host, http }, { ...request, ...times }, stop);
      received += answer.kind === "value" ? answer.body.length : 0;
      if (received <= maxTotalBytes) return answer;
      throw new Failure("DATAERR", `IMDS has sent more than ${maxTotalBytes} bytes in one run`);
    });
}

function describeUsedPath(path: ImdsPath | null): Omit<ImdsStats, "requests" | "retries"> {
  if (path === null) return { endpoint: null, interface: null, through: null };
  return { endpoint: path.endpoint, interface: pathNic(path), through: path.via.kind };
}

function buildUrlPath(metadataPath: MetadataPath, { asFolder = false }: TryGetOptions): string {
  return toUrlPath(metadataPath) + (asFolder ? "/" : "");
}

function rejectEmpty(answer: Answer): Answer {
  if (answer.kind !== "value" || answer.body.length > 0) return answer;
  return notAnAnswer("200, but the value is empty");
}

/** A new token is needed after a 401, and after a failed path if there can be another path. */
function shouldReconnect(answer: Answer, settings: ImdsSettings): boolean {
  if (answer.kind !== "error") return false;
  const { cause } = answer.error;
  const hasOtherPath = settings.endpoints.length > 1 || isReachableThroughNic(settings);
  return cause === "token" || (cause === "path" && hasOtherPath);
}
