import type { Fault } from "./fault.ts";
import { errorReply, headBytes, type Reply, textReply } from "../http/reply.ts";
import { replyBytes, type SendOptions, sendReply } from "../http/send-reply.ts";
import { sendOversized } from "./send-oversized.ts";
import type { Wire } from "../http/wire.ts";

/** One request that a fault strikes. */
export interface Struck {
  readonly wire: Wire;
  /** The right answer, made when it is wanted: a token that is never sent is never given. */
  readonly answer: () => Reply;
  readonly send: SendOptions;
  /** Told what status went over the wire, where one did. */
  readonly noteStatus: (status: number) => void;
}

type Player<K extends Fault["kind"]> = (
  fault: Extract<Fault, { kind: K }>,
  struck: Struck,
) => Promise<void>;

/** Does to a request what the fault says; resolves when the connection is free, or gone. */
export async function playFault(fault: Fault, struck: Struck): Promise<void> {
  // A lookup by a discriminant: TypeScript cannot relate the key and its parameter.
  const play = players[fault.kind] as Player<Fault["kind"]>;
  await play(fault, struck);
}

/** The answer that a fault gives instead of the right one; null where it is no whole answer. */
function replyOf(fault: Fault): Reply | null {
  if (fault.kind === "redirect") {
    return errorReply(fault.status ?? 302, { Location: fault.location });
  }
  if (fault.kind === "empty") return textReply("");
  if (fault.kind !== "status") return null;
  const { status, headers = {}, body } = fault;
  return body === undefined ? errorReply(status, headers) : { ...textReply(body, headers), status };
}

const players: { readonly [K in Fault["kind"]]: Player<K> } = {
  status: playReply,
  redirect: playReply,
  empty: playReply,
  // The windows of `refuse` are the listeners' doing; a request never meets it.
  refuse: playRight,
  // That the token is one to be refused is known where it is made.
  "token-rejected": playRight,
  hang: async (_, { wire }) => wire.closed,
  "hang-headers": playHangHeaders,
  reset: async (_, { wire }) => wire.reset(),
  close: async (_, { wire }) => wire.end(),
  slow: playSlow,
  delay: async ({ ms }, struck) => {
    await struck.wire.sleep(ms);
    if (struck.wire.isOpen) await playRight({}, struck);
  },
  cut: playCut,
  "cut-chunked": playCutChunked,
  garbage: async ({ text = "SSH-2.0-OpenSSH_9.2p1\r\n" }, { wire }) => {
    await wire.write(new TextEncoder().encode(text));
    wire.end();
  },
  oversized: async (fault, { wire, noteStatus }) => {
    noteStatus(200);
    await sendOversized(wire, fault);
  },
};

async function playReply(fault: Fault, { wire, send, noteStatus }: Struck): Promise<void> {
  const reply = replyOf(fault);
  if (reply === null) return;
  noteStatus(reply.status);
  await sendReply(wire, reply, send);
}

async function playRight(_: unknown, { wire, answer, send, noteStatus }: Struck): Promise<void> {
  const reply = answer();
  noteStatus(reply.status);
  await sendReply(wire, reply, send);
}

async function playHangHeaders(_: unknown, { wire, answer, noteStatus }: Struck): Promise<void> {
  const reply = answer();
  noteStatus(reply.status);
  const length = Math.max(1, reply.body.length);
  await wire.write(headBytes(reply, { "Content-Length": String(length) }));
  await wire.closed;
}

async function playSlow(
  { everyMs, bytes = 1 }: { readonly everyMs: number; readonly bytes?: number },
  { wire, answer, send, noteStatus }: Struck,
): Promise<void> {
  const reply = answer();
  noteStatus(reply.status);
  const all = replyBytes(reply, send);
  for (let at = 0; at < all.length && wire.isOpen; at += bytes) {
    await wire.write(all.subarray(at, at + bytes));
    await wire.sleep(everyMs);
  }
  if (!send.keepAlive) wire.end();
}

async function playCut(
  { bytes }: { readonly bytes?: number },
  { wire, answer, noteStatus }: Struck,
): Promise<void> {
  const reply = answer();
  noteStatus(reply.status);
  const sent = reply.body.subarray(0, bytes ?? Math.floor(reply.body.length / 2));
  // One more than is sent even where the whole body is: cut it is in any case.
  const length = Math.max(reply.body.length, sent.length + 1);
  await wire.write(Buffer.concat([headBytes(reply, { "Content-Length": String(length) }), sent]));
  wire.end();
}

async function playCutChunked(
  { bytes }: { readonly bytes?: number },
  { wire, answer, noteStatus }: Struck,
): Promise<void> {
  const reply = answer();
  noteStatus(reply.status);
  const sent = reply.body.subarray(0, bytes ?? Math.ceil(reply.body.length / 2));
  const head = headBytes(reply, { "Transfer-Encoding": "chunked" });
  // A chunk that is whole: only the missing last one tells that the body is not.
  const size = sent.length === 0 ? "" : `${sent.length.toString(16)}\r\n`;
  const end = sent.length === 0 ? "" : "\r\n";
  await wire.write(Buffer.concat([head, Buffer.from(size), sent, Buffer.from(end)]));
  wire.end();
}
