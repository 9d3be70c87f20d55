import type { Host } from "../../host/host.ts";
import { type Answer, classifyStatus, notAnAnswer, transientError } from "./answer.ts";
import { exchange, type HttpError, type HttpRequest, type HttpResult } from "./exchange.ts";
import { describePath, type ImdsPath } from "./path.ts";

export interface ImdsRequest extends Omit<HttpRequest, "url" | "timeoutMs"> {
  readonly imdsPath: ImdsPath;
  /** The path below the endpoint, as `toUrlPath` builds it. */
  readonly urlPath: string;
  /** The time limit for the whole try: connect, headers and body. */
  readonly tryMs: number;
  /** The run ends before a try of the usual length would end, so `tryMs` is only the time left. */
  readonly isShortened: boolean;
}

/**
 * Sends one request. Throws a `Failure` for a final answer (400, 403, 3xx). When `stop` fires,
 * throws its reason.
 */
export async function sendRequest(
  host: Pick<Host, "http" | "clock" | "log">,
  request: ImdsRequest,
  stop: AbortSignal,
): Promise<Answer> {
  const { imdsPath, urlPath, method, headers, maxBytes, tryMs: timeoutMs, connectMs } = request;
  const url = imdsPath.endpoint + urlPath;
  const http = { method, url, headers, maxBytes, timeoutMs, connectMs };
  const result = await exchange(host, http, stop);
  const answer = interpretResult(request, result);
  host.log.verbose(`${describeRequest(request)}: ${describeAnswer(answer)} (${result.ms} ms)`);
  return answer;
}

function interpretResult(request: ImdsRequest, result: HttpResult): Answer {
  if (result.kind !== "response") return interpretError(result, request.isShortened);
  const { status, headers, body } = result;
  const failure = classifyStatus(describeRequest(request), { status, headers }, Date.now());
  if (failure !== null) return failure;
  const coding = headers.get("content-encoding") ?? "identity";
  if (coding !== "identity") {
    return notAnAnswer(`the answer has a coding that was not requested: ${coding.slice(0, 40)}`);
  }
  if (body.kind === "complete") return { kind: "value", body: body.bytes };
  if (body.kind !== "too-large") return interpretError(body, request.isShortened);
  return notAnAnswer(`the answer is larger than ${request.maxBytes} bytes`);
}

/** For codes of fetch (Bun 1.4.5), of sockets bound to a NIC, and of systemd-imdsd's transport. */
const pathErrorReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection was cut",
  ENETUNREACH: "unreachable (no route)",
  EADDRNOTAVAIL: "unreachable (no source address)",
  EHOSTUNREACH: "unreachable (no answer on the link)",
  ENETDOWN: "unreachable (the link is down)",
  ENODEV: "unreachable (the NIC is gone)",
  ENXIO: "unreachable (the NIC is gone)",
  EPERM: "unreachable (not permitted to bind a socket to a NIC)",
  ECONNABORTED: "the connection was cut",
  EPIPE: "the connection was cut",
  EMSGSIZE: "the answer of systemd-imdsd is too long",
  EBADMSG: "the answer of systemd-imdsd is not Varlink",
  EACCES: "unreachable (a route forbids it)",
  ETIMEDOUT: "no connection in time",
  EAI_AGAIN: "the host name cannot be resolved",
  ENOTFOUND: "the host name cannot be resolved",
};

function interpretError({ kind, codes, message }: HttpError, isShortened: boolean): Answer {
  if (kind !== "failed") {
    const isCutByDeadline = isShortened && kind === "timeout";
    return transientError(message, { cause: "path", isCutByDeadline });
  }
  const [code = ""] = codes;
  const reason = pathErrorReasons[code];
  if (reason !== undefined) return transientError(reason, { cause: "path" });
  return notAnAnswer(`the answer is not HTTP (${code || message})`);
}

function describeAnswer(answer: Answer): string {
  if (answer.kind === "value") return `200, ${answer.body.length} bytes`;
  return answer.kind === "absent" ? "404" : answer.error.reason;
}

function describeRequest({ method, imdsPath, urlPath }: ImdsRequest): string {
  const viaSuffix = describePath(imdsPath).slice(imdsPath.endpoint.length);
  return `${method} ${imdsPath.endpoint}${urlPath}${viaSuffix}`;
}
