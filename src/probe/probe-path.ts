import type { BoundTransport, Host, HttpTransport } from "../host/host.ts";
import type { ProbeStep, WayProbe } from "../model/probe.ts";
import { addressOf } from "../imds/protocol/endpoint.ts";
import type { ImdsSettings } from "../imds/protocol/settings.ts";
import { codesOf } from "../imds/protocol/request.ts";
import { isToken, lifeHeader, tokenHeader, tokenPath } from "../imds/protocol/token.ts";

/** One way to IMDS: a transport, and the endpoint that is asked over it. */
export interface ProbeTarget {
  readonly endpoint: string;
  /** For the log; null: none is chosen. */
  readonly nic: string | null;
  /** One without `connect` is the kernel's own routing. */
  readonly transport: HttpTransport & Partial<Pick<BoundTransport, "connect">>;
  /** When the run must end, on the clock of `Clock.now`. */
  readonly deadlineMs: number;
}

type Limits = Pick<ImdsSettings, "tryMs" | "connectMs" | "retries">;

/** A service in trouble, or throttled, is asked so often: one 503 is no verdict. */
const mostRetries = 2;

const pauseMs = 100;

/**
 * Looks once at a way: connects, asks for a token, reads the instance's id with it. Takes at most
 * `connectMs` and five tries of `tryMs`, and ends at the deadline. Never asks without a token: that
 * would count for `MetadataNoToken`. Throws the reason of `stop`.
 */
export async function probeWay(
  host: Pick<Host, "clock" | "log">,
  target: ProbeTarget,
  limits: Limits,
  stop: AbortSignal,
): Promise<WayProbe> {
  const { endpoint } = target;
  const nothing = { endpoint, token: null, read: null, worthless: null, requests: 0, retries: 0 };
  const connect = await connectStep(host, target, stop);
  if (connect !== null && connect.outcome !== "ok") {
    const { outcome, ms } = connect;
    host.log.verbose(`connect ${endpoint} through ${target.nic}: ${outcome} (${ms} ms)`);
    return { ...nothing, connect };
  }
  for (let round = 1, requests = 0; ; round += 1) {
    const talk = await talkOnce(host, target, limits, stop);
    requests += talk.requests;
    const pause = pauseMs * (1 + 2 * host.clock.random());
    const isLast =
      round > Math.min(mostRetries, limits.retries) || leftMs(host, target) < 2 * pause;
    if (isLast || !mayPass(talk)) {
      const stood = connect ?? (await guessConnect(host, target, talk, limits));
      const isBroken = stood.outcome !== "ok";
      const told = isBroken ? nothing : { ...talk, endpoint };
      return { ...told, connect: stood, requests, retries: round - 1 };
    }
    await host.clock.sleep(pause, stop);
  }
}

async function connectStep(
  host: Pick<Host, "clock" | "log">,
  { endpoint, transport }: ProbeTarget,
  stop: AbortSignal,
): Promise<ProbeStep | null> {
  const { connect } = transport;
  if (connect === undefined) return null;
  const { host: address, port } = addressOf(endpoint);
  const startMs = host.clock.now();
  const outcome = await connect(address, port, stop).then(
    () => "ok",
    (error: unknown) => {
      if (stop.aborted) throw stop.reason;
      return codesOf(error)[0] ?? String(error);
    },
  );
  return { outcome, ms: Math.round(host.clock.now() - startMs) };
}

type Talk = Pick<WayProbe, "token" | "read" | "worthless" | "requests">;

async function talkOnce(
  host: Pick<Host, "clock" | "log">,
  target: ProbeTarget,
  { tryMs }: Limits,
  stop: AbortSignal,
): Promise<Talk> {
  const ask = (method: "GET" | "PUT", path: string, headers: Readonly<Record<string, string>>) => {
    const url = target.endpoint + path;
    const withinMs = Math.max(1, Math.min(tryMs, leftMs(host, target)));
    return probeRequest(
      host,
      target.transport,
      { url, method, headers, withinMs, nic: target.nic },
      stop,
    );
  };
  const put = await ask("PUT", tokenPath, { [lifeHeader]: "60" });
  const token = { ms: put.ms, outcome: tokenOutcome(put) };
  if (token.outcome === "silent") {
    const { outcome, ms } = await ask("GET", idPath, { [tokenHeader]: "worthless" });
    return { token, read: null, worthless: { outcome, ms }, requests: 2 };
  }
  if (token.outcome !== "ok") return { token, read: null, worthless: null, requests: 1 };
  const { outcome, ms } = await ask("GET", idPath, { [tokenHeader]: put.body });
  return { token, read: { outcome, ms }, worthless: null, requests: 2 };
}

const idPath = "/latest/meta-data/instance-id";

function tokenOutcome({ outcome, body }: Exchange): string {
  return outcome === "ok" && !isToken(body) ? "no-token" : outcome;
}

/** 401: a token just issued is refused now and then; 404: it may not be there yet. */
function mayPass({ token, read }: Talk): boolean {
  const outcome = read?.outcome ?? token?.outcome ?? "";
  return /^(401|404|408|429|5\d\d|ECONNRESET)$/.test(outcome);
}

/** fetch does not say whether a connection stood: an errno does, and silence is looked into. */
async function guessConnect(
  host: Pick<Host, "clock" | "log">,
  { endpoint, transport }: ProbeTarget,
  { token, worthless }: Talk,
  { connectMs }: Limits,
): Promise<ProbeStep> {
  const { outcome = "", ms = 0 } = token ?? {};
  if (/^E[A-Z]+$/.test(outcome) && outcome !== "ECONNRESET") return { outcome, ms };
  const isDoubtful = outcome === "silent" && worthless?.outcome === "silent";
  if (!isDoubtful || transport.connects === null) return { outcome: "ok", ms: 0 };
  const { host: address, port } = addressOf(endpoint);
  const startMs = host.clock.now();
  const stands = await transport.connects(address, port, connectMs);
  const tookMs = Math.round(host.clock.now() - startMs);
  return { outcome: stands ? "ok" : "ETIMEDOUT", ms: tookMs };
}

function leftMs(host: Pick<Host, "clock">, { deadlineMs }: ProbeTarget): number {
  return Math.ceil(deadlineMs - host.clock.now());
}

interface ProbeQuestion {
  readonly url: string;
  readonly method: "GET" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  /** For everything: connect, headers, body. */
  readonly withinMs: number;
  /** The NIC, for the log; null: the kernel's own routing. */
  readonly nic: string | null;
}

interface Exchange extends ProbeStep {
  /** Of a 200; else empty. */
  readonly body: string;
}

/** A token and an id are short: what is longer is not from IMDS. */
const capBytes = 4096;

/** One request, with what came of it as a word. Throws the reason of `stop`. */
async function probeRequest(
  host: Pick<Host, "clock" | "log">,
  transport: HttpTransport,
  { url, method, headers, withinMs, nic }: ProbeQuestion,
  stop: AbortSignal,
): Promise<Exchange> {
  const startMs = host.clock.now();
  const late = AbortSignal.timeout(withinMs);
  const signal = AbortSignal.any([stop, late]);
  const init = { method, headers, signal, redirect: "manual" } as const;
  const { outcome, body } = await transport
    .fetch(url, init)
    .then(readAnswer)
    .catch((error: unknown) => {
      if (stop.aborted) throw stop.reason;
      return { outcome: late.aborted ? "silent" : errorWord(error), body: "" };
    });
  const ms = Math.round(host.clock.now() - startMs);
  const through = nic === null ? "" : ` through ${nic}`;
  host.log.verbose(`${method} ${url}${through}: ${outcome} (${ms} ms)`);
  return { outcome, body, ms };
}

async function readAnswer(response: Response): Promise<Pick<Exchange, "outcome" | "body">> {
  const text = await cappedText(response);
  if (response.status !== 200) return { outcome: String(response.status), body: "" };
  return text === null ? { outcome: "not-http", body: "" } : { outcome: "ok", body: text };
}

/** null: longer than it may be. A rest that is left unread would cost the connection. */
async function cappedText({ body }: Response): Promise<string | null> {
  let bytes = new Uint8Array();
  for await (const chunk of body ?? []) {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length > capBytes) return null;
  }
  return new TextDecoder("latin1").decode(bytes);
}

/** errno's name, where the error or its cause has one: all else is an answer that is not HTTP. */
function errorWord(error: unknown): string {
  return codesOf(error).find((code) => /^E[A-Z]+$/.test(code)) ?? "not-http";
}
