import { answerRequest, hasValidToken, type Service } from "./answer.ts";
import type { Connection } from "../http/connection.ts";
import type { Fault } from "../faults/fault.ts";
import type { HttpRequest } from "../http/http-request.ts";
import { applyFault } from "../faults/apply-fault.ts";
import type { LogEntry, RequestLog } from "./request-log.ts";
import { sendReply } from "../http/send-reply.ts";

/** Everything that is needed to answer a request. */
export interface Server {
  /** The current state. */
  readonly service: () => Service;
  readonly log: RequestLog;
  /** Milliseconds since the start. */
  readonly nowMs: () => number;
  /** The fault for this request, which counts towards the rule's `times`; null: no fault. */
  readonly nextFault: (request: HttpRequest) => Fault | null;
  readonly latencyMs: number;
  readonly keepAlive: boolean;
}

/** Logs one request to the metadata service, and answers it or applies a fault. */
export async function handleRequest(
  request: HttpRequest,
  connection: Connection,
  server: Server,
): Promise<void> {
  const { method, path, rawPath, headers } = request;
  const logged = {
    atMs: server.nowMs(),
    method,
    path,
    rawPath,
    headers,
    connection: connection.number,
    from: connection.from,
    tokenOk: hasValidToken(request, server.service().tokens),
  };
  await server.log.during(logged, (entry) => respond(request, connection, { server, entry }));
}

async function respond(
  request: HttpRequest,
  { client }: Connection,
  { server, entry }: { readonly server: Server; readonly entry: LogEntry },
): Promise<void> {
  const fault = server.nextFault(request);
  if (fault !== null) entry.recordFault(fault.kind);
  if (server.latencyMs > 0) await client.sleep(server.latencyMs);
  if (!client.isOpen) return;
  const send = {
    head: request.method === "HEAD",
    keepAlive: request.keepAlive && server.keepAlive,
  };
  const correctReply = () =>
    answerRequest(request, server.service(), fault?.kind === "token-rejected");
  if (fault !== null) {
    await applyFault(fault, { client, send, correctReply, recordStatus: entry.recordStatus });
    return;
  }
  const reply = correctReply();
  entry.recordStatus(reply.status);
  await sendReply(client, reply, send);
}
