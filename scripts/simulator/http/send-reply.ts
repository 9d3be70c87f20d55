import { headBytes, type Reply } from "./reply.ts";
import type { Wire } from "./wire.ts";

/** How the rest of a connection goes after an answer. */
export interface SendOptions {
  /** HEAD: the headers of a GET, and no body. */
  readonly head: boolean;
  /** Otherwise the answer says `Connection: close`, and FIN follows. */
  readonly keepAlive: boolean;
}

/** A reply's bytes as a healthy server sends them. */
export function replyBytes(reply: Reply, options: SendOptions): Uint8Array {
  const framing = {
    "Content-Length": String(reply.body.length),
    Connection: options.keepAlive ? "keep-alive" : "close",
  };
  const body = options.head ? new Uint8Array() : reply.body;
  return Buffer.concat([headBytes(reply, framing), body]);
}

/** Sends a reply, and ends the connection where it is not kept alive. */
export async function sendReply(wire: Wire, reply: Reply, options: SendOptions): Promise<void> {
  await wire.write(replyBytes(reply, options));
  if (!options.keepAlive) wire.end();
}
