import type { Socket } from "node:net";
import { type HttpRequest, parseRequest } from "./http-request.ts";
import { errorReply } from "./reply.ts";
import { sendReply } from "./send-reply.ts";
import { ClientSocket } from "./client-socket.ts";

/** One accepted connection. */
export interface Connection {
  readonly client: ClientSocket;
  /** From 1, in the order of acceptance. */
  readonly number: number;
  /** The client's address. */
  readonly from: string;
}

/** Answers one request; resolves when the next request on the connection may be read. */
export type RequestHandler = (request: HttpRequest, connection: Connection) => Promise<void>;

/** Reads requests from a socket, one after the other, until it is closed. */
export function serveConnection(
  socket: Socket,
  number: number,
  handleRequest: RequestHandler,
): void {
  const connection = { client: new ClientSocket(socket), number, from: socket.remoteAddress ?? "" };
  let bytes: Uint8Array = new Uint8Array();
  let isBusy = false;

  const advance = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    while (connection.client.isOpen) {
      const parsed = parseRequest(bytes);
      if (parsed.kind === "incomplete") break;
      if (parsed.kind === "bad") {
        await sendReply(connection.client, errorReply(400), { head: false, keepAlive: false });
        break;
      }
      bytes = parsed.rest;
      await handleRequest(parsed.request, connection);
    }
    isBusy = false;
  };

  // A client that closes or resets its connection is normal, not an error.
  socket.on("error", () => {});
  socket.on("data", (data: Buffer) => {
    bytes = Buffer.concat([bytes, data]);
    void advance();
  });
}
