import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { MetadataPath } from "../model/metadata.ts";
import { type Answer, trouble } from "./protocol/answer.ts";
import { ask } from "./protocol/request.ts";
import { urlPathOf } from "./protocol/key.ts";
import { isReachedByNics } from "./connect/candidates.ts";
import { limiter, pacer, type Urgency } from "./protocol/rate-limit.ts";
import { type AskOnce, newPass, type Pass, type TimelessQuestion } from "./acquire-token.ts";
import { retry } from "./protocol/retry.ts";
import type { ImdsSettings } from "./protocol/settings.ts";
import { tokenHeader } from "./protocol/token.ts";
import { type Links, openTransports } from "./connect/transports.ts";
import { nicOf, type Way } from "./protocol/path.ts";

/**
 * A run's conversation with IMDS: one token, one way, at most 6 requests in flight and 100 a second.
 */
export interface ImdsSession {
  /**
   * The bytes below `latest/`; null for 404. Throws `UNAVAILABLE`, `DATAERR`, `CONFIG`; never
   * gives an empty value for an error.
   */
  readonly get: (path: MetadataPath, options?: GetOptions) => Promise<Uint8Array | null>;
  /**
   * One try, for those who pace themselves: trouble is an answer. A token is still tried for until
   * there is one: without it nothing can be asked. Throws what a final refusal or a lost token is.
   */
  readonly look: (path: MetadataPath, options?: LookOptions) => Promise<Answer>;
  readonly stats: () => ImdsStats;
  /** When the run must end, on the clock of `Clock.now`. */
  readonly deadlineMs: number;
  /** How often trouble may be tried again; Infinity: until the deadline. */
  readonly retries: number;
  /** Closes what is open, and gives back what was taken for the conversation. */
  readonly close: () => Promise<void>;
}

export interface GetOptions extends LookOptions {
  /** A 404 is asked again until the deadline. */
  readonly awaitAbsent?: boolean;
}

export interface LookOptions {
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

const mostInFlight = 6;
const leafCapBytes = 262_144;
const userDataCapBytes = 1_048_576;
/** Of all answers of a run: a tree is some 20 KB, and none is read much more than once. */
const capInAllBytes = 67_108_864;

/** Opens no connection by itself; the first `get` asks for the token. */
export function openSession(
  host: Pick<Host, "http" | "bind" | "imdsd" | "clock" | "log" | "signal">,
  settings: ImdsSettings,
  links: Links,
): ImdsSession {
  const deadlineMs = host.clock.now() + settings.timeoutMs;
  const inTurn = limiter(mostInFlight);
  const count = { requests: 0, retries: 0 };
  const { retries } = settings;
  const onRetry = (): void => void (count.retries += 1);
  const limits = { deadlineMs, retries, awaitAbsent: false, onRetry };
  const transports = openTransports(host, settings, links);
  let pass: Promise<Pass> | null = null;
  let way: Way | null = null;
  const once = boundInTime(host, settings, deadlineMs, () => void (count.requests += 1));

  const tryOnce = async (path: MetadataPath, options: LookOptions): Promise<Answer> => {
    const used = (pass ??= newPass(host, { settings, limits, links, transports, once }));
    const granted = await used;
    way = granted.way;
    const question = questionFor(granted, pathFor(path, options));
    const answer = await once(granted.transport, question, host.signal);
    // only this request's own pass: another may have brought a newer one meanwhile
    if (pass === used && isPassInDoubt(answer, settings)) pass = null;
    return (options.mayBeEmpty ?? isFree(path)) ? answer : unlessEmpty(answer);
  };
  // the pass is taken in turn, too: what waits here must not go on with one that has expired
  const look: ImdsSession["look"] = (path, options = {}) =>
    inTurn(() => tryOnce(path, options), urgencyOf(options)).catch((error: unknown) => {
      pass = null; // the next look asks for a token again
      throw error;
    });
  const get: ImdsSession["get"] = (path, { awaitAbsent = false, ...options } = {}) => {
    const attempt = () => inTurn(() => tryOnce(path, options), urgencyOf(options));
    return retry(host, pathFor(path, options), { ...limits, awaitAbsent }, attempt);
  };
  const stats = () => ({ ...wayStats(way), ...count });
  return { get, look, deadlineMs, retries, close: transports.close, stats };
}

/**
 * Asks once, for as long as a try may take and the run lasts; `onRequest` counts. Throws `DATAERR`
 * where all answers together are more than a run could want: what was read is kept in memory.
 */
function boundInTime(
  host: Pick<Host, "clock" | "log" | "signal">,
  settings: Pick<ImdsSettings, "tryMs" | "connectMs">,
  deadlineMs: number,
  onRequest: () => void,
): AskOnce {
  const paced = pacer(host);
  let received = 0;
  return (http, question, stop) =>
    paced(async () => {
      onRequest();
      const leftMs = Math.max(1, Math.ceil(deadlineMs - host.clock.now()));
      const tryMs = Math.min(settings.tryMs, leftMs);
      const connectMs = question.method === "PUT" ? settings.connectMs : null;
      const times = { tryMs, connectMs, isLast: leftMs < settings.tryMs };
      const answer = await ask({ ...host, http }, { ...question, ...times }, stop);
      received += answer.kind === "value" ? answer.body.length : 0;
      if (received <= capInAllBytes) return answer;
      throw new Failure(
        "DATAERR",
        `imds has sent more than ${capInAllBytes} bytes: no instance has so much`,
      );
    });
}

/** What a folder lists is asked for after it: a listing that waits holds up all that. */
function urgencyOf({ asFolder = false }: LookOptions): Urgency {
  return asFolder ? "first" : "later";
}

function wayStats(way: Way | null): Omit<ImdsStats, "requests" | "retries"> {
  if (way === null) return { endpoint: null, interface: null, through: null };
  return { endpoint: way.endpoint, interface: nicOf(way), through: way.through.kind };
}

function pathFor(path: MetadataPath, { asFolder = false }: LookOptions): string {
  return urlPathOf(path) + (asFolder ? "/" : "");
}

function questionFor({ way, token }: Pass, path: string): TimelessQuestion {
  const headers = { [tokenHeader]: token };
  const capBytes = path === "/latest/user-data" ? userDataCapBytes : leafCapBytes;
  return { way, method: "GET", path, headers, capBytes };
}

function unlessEmpty(answer: Answer): Answer {
  if (answer.kind !== "value" || answer.body.length > 0) return answer;
  return trouble("200 without a value", { endsAs: "DATAERR" });
}

/** What people write may be empty; elsewhere that is a value that was lost, or is on its way. */
function isFree(path: MetadataPath): boolean {
  return path[0] === "user-data" || path[1] === "tags";
}

/** A 401 wants a new token; a way that broke is worth leaving only where there is another. */
function isPassInDoubt(answer: Answer, settings: ImdsSettings): boolean {
  if (answer.kind !== "trouble") return false;
  const { suspect } = answer.trouble;
  const isAnyOther = settings.endpoints.length > 1 || isReachedByNics(settings);
  return suspect === "token" || (suspect === "path" && isAnyOther);
}
