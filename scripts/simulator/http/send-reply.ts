import { encodeHead, type Reply } from "./reply.ts";
import type { ClientSocket } from "./client-socket.ts";

/** How a reply is sent, and whether the connection stays open. */
export interface SendOptions {
  /** For HEAD: the headers of a GET, and no body. */
  readonly head: boolean;
  /** If false, the reply has `Connection: close`, and FIN follows. */
  readonly keepAlive: boolean;
}

/** The bytes of a complete, correct reply. */
export function encodeReply(reply: Reply, options: SendOptions): Uint8Array {
  const framing = {
    "Content-Length": String(reply.body.length),
    Connection: options.keepAlive ? "keep-alive" : "close",
  };
  const body = options.head ? new Uint8Array() : reply.body;
  return Buffer.concat([encodeHead(reply, framing), body]);
}

/** Sends a reply, and ends the connection if it is not kept alive. */
export async function sendReply(
  client: ClientSocket,
  reply: Reply,
  options: SendOptions,
): Promise<void> {
  await client.write(encodeReply(reply, options));
  if (!options.keepAlive) client.end();
}
