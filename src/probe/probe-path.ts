import type { BoundTransport, Host, HttpTransport } from "../host/host.ts";
import { emptyProbe, type PathProbe, type ProbeStep } from "../model/probe.ts";
import { splitEndpoint } from "../model/ip.ts";
import type { ImdsSettings } from "../imds/protocol/settings.ts";
import {
  exchange,
  type HttpError,
  type HttpRequest,
  type HttpResult,
  listErrorCodes,
} from "../imds/protocol/exchange.ts";
import { isToken, tokenTtlHeader, tokenHeader, tokenPath } from "../imds/protocol/token.ts";

/** One path to IMDS: the endpoint, and the transport to it. */
export interface ProbeTarget {
  readonly endpoint: string;
  /** The name of the NIC for the log; null if the kernel's routing chooses the path. */
  readonly nic: string | null;
  /** Only the transport of a NIC has `tryConnect`. */
  readonly transport: HttpTransport & Partial<Pick<BoundTransport, "tryConnect">>;
  /** When the run must end, on `Clock.now`. */
  readonly deadlineMs: number;
}

type ProbeLimits = Pick<ImdsSettings, "tryMs" | "connectMs" | "retries">;

/** A transient error, such as one 503, is retried before it becomes the verdict. */
const maxRetries = 2;
const pauseMs = 100;

/**
 * Probes a path: connects, requests a token, and reads the instance id with this token. Takes at
 * most `connectMs` and five times `tryMs`, and ends at the deadline. Every GET has a token, because
 * CloudWatch counts a GET without one in `MetadataNoToken`. Throws the reason of `stop` when it
 * fires.
 */
export async function probePath(
  host: Pick<Host, "clock" | "log">,
  target: ProbeTarget,
  limits: ProbeLimits,
  stop: AbortSignal,
): Promise<PathProbe> {
  const { endpoint } = target;
  const empty = emptyProbe(endpoint);
  const connect = await tryConnect(host, target, stop);
  if (connect !== null && connect.outcome !== "ok") {
    const { outcome, ms } = connect;
    host.log.verbose(`connect ${endpoint} through ${target.nic}: ${outcome} (${ms} ms)`);
    return { ...empty, connect };
  }
  for (let round = 1, requests = 0; ; round += 1) {
    const steps = await requestOnce(host, target, limits, stop);
    requests += steps.requests;
    const pause = pauseMs * (1 + 2 * host.clock.random());
    const isLast = round > Math.min(maxRetries, limits.retries) || leftMs(host, target) < 2 * pause;
    if (isLast || !isTransient(steps)) {
      const connectStep = connect ?? (await inferConnect(host, target, steps, limits));
      const results = connectStep.outcome === "ok" ? { ...steps, endpoint } : empty;
      return { ...results, connect: connectStep, requests, retries: round - 1 };
    }
    await host.clock.sleep(pause, stop);
  }
}

async function tryConnect(
  host: Pick<Host, "clock" | "log">,
  { endpoint, transport }: ProbeTarget,
  stop: AbortSignal,
): Promise<ProbeStep | null> {
  const { tryConnect } = transport;
  if (tryConnect === undefined) return null;
  const { host: address, port } = splitEndpoint(endpoint);
  const startMs = host.clock.now();
  const outcome = await tryConnect(address, port, stop).then(
    () => "ok",
    (error: unknown) => {
      if (stop.aborted) throw stop.reason;
      return listErrorCodes(error)[0] ?? String(error);
    },
  );
  return { outcome, ms: Math.round(host.clock.now() - startMs) };
}

type RequestSteps = Pick<PathProbe, "token" | "read" | "invalidToken" | "requests">;

/** Requests a token and the instance id. If no token arrives in time, sends an invalid token. */
async function requestOnce(
  host: Pick<Host, "clock" | "log">,
  target: ProbeTarget,
  { tryMs }: ProbeLimits,
  stop: AbortSignal,
): Promise<RequestSteps> {
  const send = (method: "GET" | "PUT", path: string, headers: Readonly<Record<string, string>>) => {
    const timeoutMs = Math.max(1, Math.min(tryMs, leftMs(host, target)));
    const limits = { timeoutMs, maxBytes, connectMs: null };
    const request = { url: target.endpoint + path, method, headers, ...limits };
    return sendRequest(host, target, request, stop);
  };
  const issued = await send("PUT", tokenPath, { [tokenTtlHeader]: "60" });
  const hasNoToken = issued.outcome === "ok" && !isToken(issued.body);
  const token = { outcome: hasNoToken ? "no-token" : issued.outcome, ms: issued.ms };
  if (token.outcome === "silent") {
    const { outcome, ms } = await send("GET", idPath, { [tokenHeader]: "invalid" });
    return { token, read: null, invalidToken: { outcome, ms }, requests: 2 };
  }
  if (token.outcome !== "ok") return { token, read: null, invalidToken: null, requests: 1 };
  const { outcome, ms } = await send("GET", idPath, { [tokenHeader]: issued.body });
  return { token, read: { outcome, ms }, invalidToken: null, requests: 2 };
}

const idPath = "/latest/meta-data/instance-id";

/** A token and an id are short, so a longer answer is not from IMDS. */
const maxBytes = 4096;

/** 401: IMDS sometimes refuses a new token. 404: the instance id can be late. */
function isTransient({ token, read }: RequestSteps): boolean {
  const outcome = read?.outcome ?? token?.outcome ?? "";
  return /^(401|404|408|429|5\d\d|ECONNRESET)$/.test(outcome);
}

/**
 * fetch does not report its connect. An errno shows the result; after silence, a second connect.
 */
async function inferConnect(
  host: Pick<Host, "clock" | "log">,
  { endpoint, transport }: ProbeTarget,
  { token, invalidToken }: RequestSteps,
  { connectMs }: ProbeLimits,
): Promise<ProbeStep> {
  const { outcome = "", ms = 0 } = token ?? {};
  if (/^E[A-Z]+$/.test(outcome) && outcome !== "ECONNRESET") return { outcome, ms };
  const isSilent = outcome === "silent" && invalidToken?.outcome === "silent";
  if (!isSilent || transport.canConnect === null) return { outcome: "ok", ms: 0 };
  const { host: address, port } = splitEndpoint(endpoint);
  const startMs = host.clock.now();
  const isConnected = await transport.canConnect(address, port, connectMs);
  const tookMs = Math.round(host.clock.now() - startMs);
  return { outcome: isConnected ? "ok" : "ETIMEDOUT", ms: tookMs };
}

function leftMs(host: Pick<Host, "clock">, { deadlineMs }: ProbeTarget): number {
  return Math.ceil(deadlineMs - host.clock.now());
}

interface ProbeResponse extends ProbeStep {
  /** Empty unless the status is 200. */
  readonly body: string;
}

/** Sends one request. Returns the result as a word. Throws the reason of `stop` when it fires. */
async function sendRequest(
  host: Pick<Host, "clock" | "log">,
  { transport, nic }: ProbeTarget,
  request: HttpRequest,
  stop: AbortSignal,
): Promise<ProbeResponse> {
  const result = await exchange({ http: transport, clock: host.clock }, request, stop);
  const { ms } = result;
  const { outcome, body = "" } = interpretResult(result);
  const viaSuffix = nic === null ? "" : ` through ${nic}`;
  host.log.verbose(`${request.method} ${request.url}${viaSuffix}: ${outcome} (${ms} ms)`);
  return { outcome, body, ms };
}

function interpretResult(result: HttpResult): { readonly outcome: string; readonly body?: string } {
  if (result.kind !== "response") return { outcome: errorOutcome(result) };
  const { status, body } = result;
  if (body.kind !== "complete" && body.kind !== "too-large") return { outcome: errorOutcome(body) };
  if (status !== 200) return { outcome: String(status) };
  if (body.kind === "too-large") return { outcome: "not-http" };
  return { outcome: "ok", body: new TextDecoder("latin1").decode(body.bytes) };
}

/**
 * `silent` after a timeout, else the errno of the error or of one of its causes. If there is no
 * errno, the answer was not HTTP, and the result is `not-http`.
 */
function errorOutcome({ kind, codes }: HttpError): string {
  if (kind !== "failed") return "silent";
  return codes.find((code) => /^E[A-Z]+$/.test(code)) ?? "not-http";
}
