import { answer, hasGoodToken, type Service } from "./answer.ts";
import type { Connection } from "../http/connection.ts";
import type { Fault } from "../faults/fault.ts";
import type { HttpRequest } from "../http/http-request.ts";
import { playFault } from "../faults/play-fault.ts";
import type { LogEntry, RequestLog } from "./request-log.ts";
import { sendReply } from "../http/send-reply.ts";

/** What answering a request takes. */
export interface Server {
  /** As it is now. */
  readonly service: () => Service;
  readonly log: RequestLog;
  /** Since the start. */
  readonly nowMs: () => number;
  /** What strikes this request, used up by it. */
  readonly takeFault: (request: HttpRequest) => Fault | null;
  readonly latencyMs: number;
  readonly keepAlive: boolean;
}

/** One request to the metadata service: logged, struck or answered. */
export async function exchange(
  request: HttpRequest,
  connection: Connection,
  server: Server,
): Promise<void> {
  const { method, path, headers } = request;
  const logged = {
    atMs: server.nowMs(),
    method,
    path,
    headers,
    connection: connection.number,
    from: connection.from,
    tokenOk: hasGoodToken(request, server.service().tokens),
  };
  await server.log.during(logged, (entry) => respond(request, connection, { server, entry }));
}

async function respond(
  request: HttpRequest,
  { wire }: Connection,
  { server, entry }: { readonly server: Server; readonly entry: LogEntry },
): Promise<void> {
  const fault = server.takeFault(request);
  if (fault !== null) entry.noteFault(fault.kind);
  if (server.latencyMs > 0) await wire.sleep(server.latencyMs);
  if (!wire.isOpen) return;
  const send = {
    head: request.method === "HEAD",
    keepAlive: request.keepAlive && server.keepAlive,
  };
  const right = () => answer(request, server.service(), fault?.kind === "token-rejected");
  if (fault !== null) {
    await playFault(fault, { wire, send, answer: right, noteStatus: entry.noteStatus });
    return;
  }
  const reply = right();
  entry.noteStatus(reply.status);
  await sendReply(wire, reply, send);
}
