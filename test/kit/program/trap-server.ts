import { createServer } from "node:net";

export interface TrapServer extends AsyncDisposable {
  readonly url: string;
  /** The received bytes, one entry for each connection. */
  readonly received: readonly string[];
}

/** Listens on the loopback for requests that must not come: a proxy, the target of a redirect. */
export async function startTrap(): Promise<TrapServer> {
  const received: string[] = [];
  const server = createServer((socket) => {
    const at = received.push("") - 1;
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      received[at] += data.toString("latin1");
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ntrap");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const stop = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  return { url: `http://127.0.0.1:${port}`, received, [Symbol.asyncDispose]: stop };
}
