import { createFetch } from "ofetch";
import type { Host } from "../../host/host.ts";
import { Failure } from "../../exit.ts";
import { type Answer, judgeStatus, trouble } from "./answer.ts";
import { addressOf } from "./endpoint.ts";
import { nameOfWay, type Way } from "./path.ts";

/** One request to one endpoint. */
export interface Question {
  readonly way: Way;
  readonly method: "GET" | "PUT";
  /** As `urlPathOf` gives it. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** More bytes than this are no answer. */
  readonly capBytes: number;
  /** For everything: connect, headers, body. */
  readonly tryMs: number;
  /** The part of it in which a connection must stand; null: one has stood before. */
  readonly connectMs: number | null;
  /** `tryMs` is what is left of the run, and less than a try should have. */
  readonly isLast: boolean;
}

/** A connection that stands is not looked for earlier: a healthy IMDS has long answered by then. */
const patienceMs = 500;

/**
 * Asks once; `stop` ends it early. Throws a `Failure` for a final answer (400, 403, 3xx), and the
 * reason of `stop`.
 */
export async function ask(
  host: Pick<Host, "http" | "clock" | "log">,
  question: Question,
  stop: AbortSignal,
): Promise<Answer> {
  const startMs = host.clock.now();
  const cut = new AbortController();
  const timer = setTimeout(() => cut.abort(tooSlow(question.tryMs)), question.tryMs);
  const doorbell = setTimeout(() => void watchConnection(host, question, cut), patienceMs);
  try {
    const answer = await exchange(host, question, AbortSignal.any([stop, cut.signal]));
    stop.throwIfAborted(); // an unread rest of an error page does not tell
    host.log.verbose(`${describe(question)}: ${summarise(answer)} ${elapsed(host, startMs)}`);
    return answer;
  } catch (error) {
    if (stop.aborted) throw stop.reason;
    const reason = cut.signal.aborted ? cut.signal.reason : error;
    const answer = judgeError(reason, question.isLast);
    host.log.verbose(`${describe(question)}: ${summarise(answer)} ${elapsed(host, startMs)}`);
    return answer;
  } finally {
    clearTimeout(timer);
    clearTimeout(doorbell);
  }
}

async function exchange(
  host: Pick<Host, "http">,
  question: Question,
  signal: AbortSignal,
): Promise<Answer> {
  // ofetch's own retry, timeout and parsing are off: its retries never reach the server after a
  // timeout, its timeout leaves out the body, and it would turn "123" into a number
  // oxlint-disable-next-line no-unsafe-type-assertion -- Bun's type of fetch demands `preconnect`
  const request = createFetch({ fetch: host.http.fetch as typeof fetch });
  const response = await request.raw(question.way.endpoint + question.path, {
    method: question.method,
    headers: { ...question.headers, "accept-encoding": "identity" },
    redirect: "manual",
    retry: 0,
    responseType: "stream",
    ignoreResponseError: true,
    signal,
  });
  const retryAfter = response.headers.get("retry-after");
  const verdict = judgeStatus(describe(question), response.status, retryAfter, Date.now());
  const coding = response.headers.get("content-encoding") ?? "identity";
  if (verdict === null && coding === "identity") return readBody(response, question.capBytes);
  await drain(response, question.capBytes);
  return (
    verdict ??
    trouble(`the answer is in a coding (${coding.slice(0, 40)}) that was not asked for`, {
      endsAs: "DATAERR",
    })
  );
}

/** Reads no further than the cap: fetch itself has no limit. */
async function readBody(response: Response, capBytes: number): Promise<Answer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > capBytes) {
      return trouble(`the answer is larger than ${capBytes} bytes`, { endsAs: "DATAERR" });
    }
    chunks.push(chunk);
  }
  return { kind: "value", body: Buffer.concat(chunks) };
}

/** An unread body would cost the connection; a long one is not worth it. */
async function drain(response: Response, capBytes: number): Promise<void> {
  await readBody(response, capBytes).catch(() => undefined);
}

class ConnectTimeout extends Error {}

class TryTimeout extends Error {}

function tooSlow(tryMs: number): TryTimeout {
  return new TryTimeout(`no whole answer within ${tryMs} ms`);
}

/**
 * fetch does not tell a connection that does not stand from a server that thinks. So a try that
 * takes long is checked from outside: where a second connection does not stand either when
 * `connectMs` is over, the way to the service is dead and the try is cut.
 */
async function watchConnection(
  host: Pick<Host, "http">,
  question: Question,
  cut: AbortController,
): Promise<void> {
  if (question.connectMs === null || host.http.connects === null) return;
  const { host: address, port } = addressOf(question.way.endpoint);
  const leftMs = question.connectMs - patienceMs;
  if (leftMs <= 0 || (await host.http.connects(address, port, leftMs))) return;
  cut.abort(new ConnectTimeout(`no connection within ${question.connectMs} ms`));
}

/** Codes of Bun 1.4.5's fetch, of sockets bound to a NIC, and of systemd-imdsd's transport. */
const pathErrors: Readonly<Record<string, string>> = {
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

function judgeError(error: unknown, isCutByDeadline: boolean): Answer {
  if (error instanceof ConnectTimeout) return trouble(error.message, { suspect: "path" });
  if (error instanceof TryTimeout) {
    return trouble(error.message, { suspect: "path", isCutByDeadline });
  }
  if (error instanceof Failure) throw error;
  const [code = ""] = codesOf(error);
  const reason = pathErrors[code];
  if (reason !== undefined) return trouble(reason, { suspect: "path" });
  return trouble(`the answer is not HTTP (${code || String(error)})`, { endsAs: "DATAERR" });
}

function summarise(answer: Answer): string {
  if (answer.kind === "value") return `200, ${answer.body.length} bytes`;
  return answer.kind === "absent" ? "404" : answer.trouble.reason;
}

function describe({ method, way, path }: Question): string {
  const through = nameOfWay(way).slice(way.endpoint.length);
  return `${method} ${way.endpoint}${path}${through}`;
}

function elapsed(host: Pick<Host, "clock">, startMs: number): string {
  return `(${Math.round(host.clock.now() - startMs)} ms)`;
}

/** The `code` of an error, then that of its cause, as far as they have any: ofetch wraps. */
export function codesOf(error: unknown): readonly string[] {
  const errors = [error, error instanceof Error ? error.cause : undefined];
  return errors.flatMap((each) =>
    each instanceof Error && "code" in each ? [String(each.code)] : [],
  );
}
