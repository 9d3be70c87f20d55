import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { MetadataPath } from "../model/metadata.ts";
import { type Answer, transientError } from "./protocol/answer.ts";
import { sendRequest } from "./protocol/request.ts";
import { toUrlPath } from "./protocol/key.ts";
import { isReachableThroughNic } from "./connect/candidates.ts";
import { createSemaphore, createRateLimiter, type Priority } from "./protocol/rate-limit.ts";
import {
  type SendOnce,
  acquireToken,
  type Connection,
  type UntimedRequest,
} from "./acquire-token.ts";
import { retry } from "./protocol/retry.ts";
import type { ImdsSettings } from "./protocol/settings.ts";
import { tokenHeader } from "./protocol/token.ts";
import { type Links, openTransports } from "./connect/transports.ts";
import { pathNic, type ImdsPath } from "./protocol/path.ts";

/**
 * A run's conversation with IMDS: one token, one way, at most 6 requests in flight and 100 a second.
 */
export interface ImdsSession {
  /**
   * The bytes below `latest/`; null for 404. Throws `UNAVAILABLE`, `DATAERR`, `CONFIG`; never
   * gives an empty value for an error.
   */
  readonly get: (metadataPath: MetadataPath, options?: GetOptions) => Promise<Uint8Array | null>;
  /**
   * One try, for those who pace themselves: trouble is an answer. A token is still tried for until
   * there is one: without it nothing can be asked. Throws what a final refusal or a lost token is.
   */
  readonly tryGet: (metadataPath: MetadataPath, options?: TryGetOptions) => Promise<Answer>;
  readonly stats: () => ImdsStats;
  /** When the run must end, on the clock of `Clock.now`. */
  readonly deadlineMs: number;
  /** How often trouble may be tried again; Infinity: until the deadline. */
  readonly retries: number;
  /** Closes what is open, and gives back what was taken for the conversation. */
  readonly close: () => Promise<void>;
}

export interface GetOptions extends TryGetOptions {
  /** A 404 is asked again until the deadline. */
  readonly awaitAbsent?: boolean;
}

export interface TryGetOptions {
  /** An empty answer is one, and not trouble to be tried again. */
  readonly mayBeEmpty?: boolean;
  /** Asks for a listing, with a slash at the end, as AWS documents it. */
  readonly asFolder?: boolean;
}

/** What `--json` tells of the conversation. */
export interface ImdsStats {
  /** The endpoint that answered; null before one did. */
  readonly endpoint: string | null;
  /** The NIC it was asked through; null: by the kernel's own routing. */
  readonly interface: string | null;
  /** How it was reached; null before it answered. */
  readonly through: "routing" | "nic" | "imdsd" | null;
  readonly requests: number;
  /** How many of the requests came to trouble that was tried again. */
  readonly retries: number;
}

const maxInFlight = 6;
const maxLeafBytes = 262_144;
const maxUserDataBytes = 1_048_576;
/** Of all answers of a run: a tree is some 20 KB, and none is read much more than once. */
const maxTotalBytes = 67_108_864;

/** Opens no connection by itself; the first `get` asks for the token. */
export function openSession(
  host: Pick<Host, "http" | "bind" | "imdsd" | "clock" | "log" | "signal">,
  settings: ImdsSettings,
  links: Links,
): ImdsSession {
  const deadlineMs = host.clock.now() + settings.timeoutMs;
  const semaphore = createSemaphore(maxInFlight);
  const count = { requests: 0, retries: 0 };
  const { retries } = settings;
  const onRetry = (): void => void (count.retries += 1);
  const limits = { deadlineMs, retries, awaitAbsent: false, onRetry };
  const transports = openTransports(host, settings, links);
  let connection: Promise<Connection> | null = null;
  let usedPath: ImdsPath | null = null;
  const sendOnce = createSendOnce(host, settings, deadlineMs, () => void (count.requests += 1));

  const requestOnce = async (
    metadataPath: MetadataPath,
    options: TryGetOptions,
  ): Promise<Answer> => {
    const current = (connection ??= acquireToken(host, {
      settings,
      limits,
      links,
      transports,
      sendOnce,
    }));
    const established = await current;
    usedPath = established.path;
    const request = buildRequest(established, buildUrlPath(metadataPath, options));
    const answer = await sendOnce(established.transport, request, host.signal);
    // only this request's own pass: another may have brought a newer one meanwhile
    if (connection === current && shouldReconnect(answer, settings)) connection = null;
    return (options.mayBeEmpty ?? isEmptyValueAllowed(metadataPath)) ? answer : rejectEmpty(answer);
  };
  // the pass is taken in turn, too: what waits here must not go on with one that has expired
  const tryGet: ImdsSession["tryGet"] = (metadataPath, options = {}) =>
    semaphore(() => requestOnce(metadataPath, options), choosePriority(options)).catch(
      (error: unknown) => {
        connection = null; // the next look asks for a token again
        throw error;
      },
    );
  const get: ImdsSession["get"] = (metadataPath, { awaitAbsent = false, ...options } = {}) => {
    const attempt = () =>
      semaphore(() => requestOnce(metadataPath, options), choosePriority(options));
    return retry(host, buildUrlPath(metadataPath, options), { ...limits, awaitAbsent }, attempt);
  };
  const stats = () => ({ ...pathStats(usedPath), ...count });
  return { get, tryGet, deadlineMs, retries, close: transports.close, stats };
}

/**
 * Asks once, for as long as a try may take and the run lasts; `onRequest` counts. Throws `DATAERR`
 * where all answers together are more than a run could want: what was read is kept in memory.
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
      const tryMs = Math.min(settings.tryMs, leftMs);
      const connectMs = request.method === "PUT" ? settings.connectMs : null;
      const times = { tryMs, connectMs, isLast: leftMs < settings.tryMs };
      const answer = await sendRequest({ ...host, http }, { ...request, ...times }, stop);
      received += answer.kind === "value" ? answer.body.length : 0;
      if (received <= maxTotalBytes) return answer;
      throw new Failure(
        "DATAERR",
        `imds has sent more than ${maxTotalBytes} bytes: no instance has so much`,
      );
    });
}

/** What a folder lists is asked for after it: a listing that waits holds up all that. */
function choosePriority({ asFolder = false }: TryGetOptions): Priority {
  return asFolder ? "first" : "later";
}

function pathStats(usedPath: ImdsPath | null): Omit<ImdsStats, "requests" | "retries"> {
  if (usedPath === null) return { endpoint: null, interface: null, through: null };
  return { endpoint: usedPath.endpoint, interface: pathNic(usedPath), through: usedPath.via.kind };
}

function buildUrlPath(metadataPath: MetadataPath, { asFolder = false }: TryGetOptions): string {
  return toUrlPath(metadataPath) + (asFolder ? "/" : "");
}

function buildRequest({ path: usedPath, token }: Connection, metadataPath: string): UntimedRequest {
  const headers = { [tokenHeader]: token };
  const maxBytes = metadataPath === "/latest/user-data" ? maxUserDataBytes : maxLeafBytes;
  return { imdsPath: usedPath, method: "GET", urlPath: metadataPath, headers, maxBytes };
}

function rejectEmpty(answer: Answer): Answer {
  if (answer.kind !== "value" || answer.body.length > 0) return answer;
  return transientError("200 without a value", { endsAs: "DATAERR" });
}

/** What people write may be empty; elsewhere that is a value that was lost, or is on its way. */
function isEmptyValueAllowed(metadataPath: MetadataPath): boolean {
  return metadataPath[0] === "user-data" || metadataPath[1] === "tags";
}

/** A 401 wants a new token; a way that broke is worth leaving only where there is another. */
function shouldReconnect(answer: Answer, settings: ImdsSettings): boolean {
  if (answer.kind !== "error") return false;
  const { cause } = answer.error;
  const hasOtherPath = settings.endpoints.length > 1 || isReachableThroughNic(settings);
  return cause === "token" || (cause === "path" && hasOtherPath);
}
