import type { Host } from "../host/host.ts";
import type { MetadataPath } from "../net/metadata-path.ts";
import { type Answer, trouble } from "./answer.ts";
import { ask, type Question } from "./ask.ts";
import { urlPathOf } from "./key.ts";
import { limiter } from "./limiter.ts";
import { race } from "./race.ts";
import { retry } from "./retry.ts";
import type { ImdsSettings } from "./settings.ts";

/** A run's conversation with IMDS: one token, one way, at most 6 requests in flight. */
export interface ImdsSession {
  /**
   * The bytes below `latest/`; null for 404. Throws `UNAVAILABLE`, `DATAERR`, `CONFIG`; never
   * gives an empty value for an error.
   */
  readonly get: (path: MetadataPath, options?: GetOptions) => Promise<Uint8Array | null>;
  readonly stats: () => ImdsStats;
}

export interface GetOptions {
  /** A 404 is asked again until the deadline. */
  readonly awaitAbsent?: boolean;
  /** Asks for a listing, with a slash at the end, as AWS documents it. */
  readonly asFolder?: boolean;
}

/** What `--json` tells of the conversation. */
export interface ImdsStats {
  /** The endpoint that answered; null before one did. */
  readonly endpoint: string | null;
  /** The NIC it was asked through; null: by the kernel's own routing. */
  readonly interface: string | null;
  readonly requests: number;
  readonly retries: number;
}

type SessionHost = Pick<Host, "http" | "clock" | "log" | "signal">;

interface Pass {
  readonly endpoint: string;
  readonly token: string;
}

const mostInFlight = 6;
const capBytes = { token: 4096, leaf: 262_144, userData: 1_048_576 } as const;

/** Opens no connection by itself; the first `get` gets the token. `startMs` starts the deadline. */
export function openSession(
  host: SessionHost,
  settings: ImdsSettings,
  startMs: number,
): ImdsSession {
  const deadlineMs = startMs + settings.timeoutMs;
  const limits = { deadlineMs, retries: settings.retries, awaitAbsent: false };
  const inTurn = limiter(mostInFlight);
  const count = { requests: 0, retries: 0 };
  let pass: Promise<Pass> | null = null;
  let endpoint: string | null = null;

  const once = (question: Omit<Question, "tryMs" | "connectMs">, stop: AbortSignal) => {
    count.requests += 1;
    const tryMs = Math.max(1, Math.min(settings.tryMs, deadlineMs - host.clock.now()));
    return ask(host, { ...question, tryMs, connectMs: settings.connectMs }, stop);
  };

  const newPass = async (): Promise<Pass> => {
    const token = await retry(host, "instance metadata", limits, async () => {
      const outcome = await race(host, settings.endpoints, async (candidate, stop) =>
        tokenIn(await once(tokenQuestion(candidate, settings.timeoutMs), stop)),
      );
      if (!("candidate" in outcome)) {
        count.retries += 1;
        return { kind: "trouble", trouble: outcome };
      }
      endpoint = outcome.candidate;
      return { kind: "value", body: outcome.body };
    });
    return { endpoint: endpoint ?? "", token: textOf(token ?? new Uint8Array()) };
  };

  const get: ImdsSession["get"] = (path, { awaitAbsent = false, asFolder = false } = {}) => {
    const urlPath = urlPathOf(path) + (asFolder ? "/" : "");
    const cap = path[0] === "user-data" ? capBytes.userData : capBytes.leaf;
    return retry(host, urlPath, { ...limits, awaitAbsent }, async () => {
      pass ??= newPass();
      const used = pass;
      const { endpoint: base, token } = await used;
      const headers = { "x-aws-ec2-metadata-token": token };
      const question = {
        endpoint: base,
        method: "GET",
        path: urlPath,
        headers,
        capBytes: cap,
      } as const;
      const answer = await inTurn(() => once(question, host.signal));
      if (answer.kind === "trouble") {
        count.retries += 1;
        // only this request's own pass: another may have brought a newer one meanwhile
        if (pass === used && isPassInDoubt(answer, settings)) pass = null;
      }
      return answer;
    });
  };
  return { get, stats: () => ({ endpoint, interface: null, ...count }) };
}

/** A 401 wants a new token; a way that broke is worth leaving only where there is another. */
function isPassInDoubt(answer: Answer, { endpoints }: ImdsSettings): boolean {
  if (answer.kind !== "trouble") return false;
  const { suspect } = answer.trouble;
  return suspect === "token" || (suspect === "path" && endpoints.length > 1);
}

/** The token must outlive the run and no more: 1 s to 6 h is what IMDS takes. */
function tokenQuestion(endpoint: string, timeoutMs: number) {
  const lifeS = Math.min(21_600, Math.max(60, Math.ceil(timeoutMs / 1000) + 60));
  return {
    endpoint,
    method: "PUT",
    path: "/latest/api/token",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": String(lifeS) },
    capBytes: capBytes.token,
  } as const;
}

/** A 404, an empty page or a login form is no token: in the first moments of a boot it may pass. */
function tokenIn(answer: Answer): Answer {
  if (answer.kind === "absent")
    return trouble("404 where a token should be", { endsAs: "DATAERR" });
  if (answer.kind === "trouble" || /^[\x21-\x7e]+$/.test(textOf(answer.body))) return answer;
  return trouble("the answer is no token", { endsAs: "DATAERR" });
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
