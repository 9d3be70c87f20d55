import type { Socket } from "node:net";
import { type HttpRequest, parseRequest } from "./http-request.ts";
import { errorReply } from "./reply.ts";
import { sendReply } from "./send-reply.ts";
import { Wire } from "./wire.ts";

/** One accepted connection, as those who answer see it. */
export interface Connection {
  readonly wire: Wire;
  /** From 1, in the order of acceptance. */
  readonly number: number;
  /** The client's address. */
  readonly from: string;
}

/** Answers one request; resolves when the next one on the connection may be read. */
export type Exchange = (request: HttpRequest, connection: Connection) => Promise<void>;

/** Reads requests off a socket, one after the other, until it is gone. */
export function serveConnection(socket: Socket, number: number, exchange: Exchange): void {
  const connection = { wire: new Wire(socket), number, from: socket.remoteAddress ?? "" };
  let bytes: Uint8Array = new Uint8Array();
  let isBusy = false;

  const advance = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    while (connection.wire.isOpen) {
      const parsed = parseRequest(bytes);
      if (parsed.kind === "incomplete") break;
      if (parsed.kind === "bad") {
        await sendReply(connection.wire, errorReply(400), { head: false, keepAlive: false });
        break;
      }
      bytes = parsed.rest;
      await exchange(parsed.request, connection);
    }
    isBusy = false;
  };

  // A client that goes away is everyday life here, not an error.
  socket.on("error", () => {});
  socket.on("data", (data: Buffer) => {
    bytes = Buffer.concat([bytes, data]);
    void advance();
  });
}
