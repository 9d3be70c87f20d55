import type { Fault } from "./fault.ts";
import { errorReply, encodeHead, type Reply, textReply } from "../http/reply.ts";
import { encodeReply, type SendOptions, sendReply } from "../http/send-reply.ts";
import { sendOversized } from "./send-oversized.ts";
import type { ClientSocket } from "../http/client-socket.ts";

/** A request to which a fault applies, and what is needed to answer it. */
export interface FaultyRequest {
  readonly client: ClientSocket;
  /** Makes the correct reply. Called only when the reply is sent, so no unsent token is issued. */
  readonly correctReply: () => Reply;
  readonly send: SendOptions;
  /** Called with the status that is sent, if one is sent. */
  readonly recordStatus: (status: number) => void;
}

type Applier<K extends Fault["kind"]> = (
  fault: Extract<Fault, { kind: K }>,
  request: FaultyRequest,
) => Promise<void>;

/** Applies the fault; resolves when the connection can take the next request, or is closed. */
export async function applyFault(fault: Fault, request: FaultyRequest): Promise<void> {
  // A lookup by a discriminant: TypeScript cannot relate the key and its parameter.
  const apply = appliers[fault.kind] as Applier<Fault["kind"]>;
  await apply(fault, request);
}

/** The complete reply that a fault sends instead of the correct one; null: it sends none. */
function faultReply(fault: Fault): Reply | null {
  if (fault.kind === "redirect") {
    return errorReply(fault.status ?? 302, { Location: fault.location });
  }
  if (fault.kind === "empty") return textReply("");
  if (fault.kind !== "status") return null;
  const { status, headers = {}, body } = fault;
  return body === undefined ? errorReply(status, headers) : { ...textReply(body, headers), status };
}

const appliers: { readonly [K in Fault["kind"]]: Applier<K> } = {
  status: sendFaultReply,
  redirect: sendFaultReply,
  empty: sendFaultReply,
  // `TcpServer` refuses the connections, so no request has this fault.
  refuse: sendCorrectReply,
  // `answerRequest` issues a token that is not valid.
  "token-rejected": sendCorrectReply,
  hang: async (_, { client }) => client.closed,
  "hang-headers": hangAfterHead,
  reset: async (_, { client }) => client.reset(),
  close: async (_, { client }) => client.end(),
  slow: sendSlowly,
  delay: async ({ ms }, request) => {
    await request.client.sleep(ms);
    if (request.client.isOpen) await sendCorrectReply({}, request);
  },
  cut: cutBody,
  "cut-chunked": cutChunkedBody,
  garbage: async ({ text = "SSH-2.0-OpenSSH_9.2p1\r\n" }, { client }) => {
    await client.write(new TextEncoder().encode(text));
    client.end();
  },
  oversized: async (fault, { client, recordStatus }) => {
    recordStatus(200);
    await sendOversized(client, fault);
  },
};

async function sendFaultReply(
  fault: Fault,
  { client, send, recordStatus }: FaultyRequest,
): Promise<void> {
  const reply = faultReply(fault);
  if (reply === null) return;
  recordStatus(reply.status);
  await sendReply(client, reply, send);
}

async function sendCorrectReply(
  _: unknown,
  { client, correctReply, send, recordStatus }: FaultyRequest,
): Promise<void> {
  const reply = correctReply();
  recordStatus(reply.status);
  await sendReply(client, reply, send);
}

async function hangAfterHead(
  _: unknown,
  { client, correctReply, recordStatus }: FaultyRequest,
): Promise<void> {
  const reply = correctReply();
  recordStatus(reply.status);
  const length = Math.max(1, reply.body.length);
  await client.write(encodeHead(reply, { "Content-Length": String(length) }));
  await client.closed;
}

async function sendSlowly(
  { everyMs, bytes = 1 }: { readonly everyMs: number; readonly bytes?: number },
  { client, correctReply, send, recordStatus }: FaultyRequest,
): Promise<void> {
  const reply = correctReply();
  recordStatus(reply.status);
  const all = encodeReply(reply, send);
  for (let at = 0; at < all.length && client.isOpen; at += bytes) {
    await client.write(all.subarray(at, at + bytes));
    await client.sleep(everyMs);
  }
  if (!send.keepAlive) client.end();
}

async function cutBody(
  { bytes }: { readonly bytes?: number },
  { client, correctReply, recordStatus }: FaultyRequest,
): Promise<void> {
  const reply = correctReply();
  recordStatus(reply.status);
  const sent = reply.body.subarray(0, bytes ?? Math.floor(reply.body.length / 2));
  // At least one byte more than is sent, so that the body is truncated even if `bytes` covers it.
  const length = Math.max(reply.body.length, sent.length + 1);
  await client.write(
    Buffer.concat([encodeHead(reply, { "Content-Length": String(length) }), sent]),
  );
  client.end();
}

async function cutChunkedBody(
  { bytes }: { readonly bytes?: number },
  { client, correctReply, recordStatus }: FaultyRequest,
): Promise<void> {
  const reply = correctReply();
  recordStatus(reply.status);
  const sent = reply.body.subarray(0, bytes ?? Math.ceil(reply.body.length / 2));
  const head = encodeHead(reply, { "Transfer-Encoding": "chunked" });
  // The chunk itself is complete: only the missing last chunk shows that the body is truncated.
  const size = sent.length === 0 ? "" : `${sent.length.toString(16)}\r\n`;
  const end = sent.length === 0 ? "" : "\r\n";
  await client.write(Buffer.concat([head, Buffer.from(size), sent, Buffer.from(end)]));
  client.end();
}
