import { createServer, type Socket } from "node:net";
import { parseRequest } from "../../../scripts/simulator/http/http-request.ts";

/** A service that gives a token and answers each path with any body. */
export interface HostileImds extends AsyncDisposable {
  readonly url: string;
  /** The target of each GET exactly as it was sent, with its percent-encoding. */
  readonly targets: readonly string[];
}

/** `answer`: the body for a target as it was sent; null: 404. */
export async function startHostileImds(
  answer: (target: string) => Uint8Array | null,
): Promise<HostileImds> {
  const targets: string[] = [];
  const sockets = new Set<Socket>();
  const reply = (method: string, target: string): Uint8Array => {
    if (method === "PUT") return message(200, Buffer.from("token"));
    targets.push(target);
    const body = answer(target);
    return body === null ? message(404, Buffer.from("404")) : message(200, body);
  };
  const server = createServer({ noDelay: true }, (socket) => {
    let pending = Buffer.alloc(0);
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (data: Buffer) => {
      pending = Buffer.concat([pending, data]);
      for (let parsed = parseRequest(pending); ; parsed = parseRequest(pending)) {
        if (parsed.kind === "bad") targets.push(pending.toString("latin1"));
        if (parsed.kind !== "request") return;
        pending = Buffer.from(parsed.rest);
        socket.write(reply(parsed.request.method, parsed.request.rawPath));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${port}`, targets, [Symbol.asyncDispose]: stop };
}

function message(status: number, body: Uint8Array): Uint8Array {
  const head = `HTTP/1.1 ${status} X\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}
