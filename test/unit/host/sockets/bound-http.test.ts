import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { BoundTransport } from "../../../../src/host/host.ts";
import { openSockets } from "../../../../src/host/sockets/sockets.ts";
import { until } from "../../../kit/basics/until.ts";
import { linkAddress } from "../../../kit/facts/link-states.ts";

/** A service on the loopback that counts its open connections. */
function counting() {
  let open = 0;
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: () => void (open += 1),
      close: () => void (open -= 1),
      data: (socket) => void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"),
    },
  });
  const url = `http://127.0.0.1:${listener.port}/`;
  return { url, open: () => open, [Symbol.dispose]: () => listener.stop(true) };
}

const sockets = openSockets();

function transportThroughLo(): BoundTransport {
  const options = { nic: "lo", sources: [linkAddress("lo", "127.0.0.1")], connectMs: 1000 };
  const transport = sockets.bind(options);
  if (typeof transport === "string") throw new Error(transport);
  return transport;
}

// Found by `make fuzz`: a connection that opened during the close stayed open for ever.
test("a transport that is closed at any moment leaves no connection open", async () => {
  using server = counting();
  for (let turn = 0; turn < 400; turn += 1) {
    const transport = transportThroughLo();
    const asked = [1, 2].map(() =>
      transport.fetch(server.url, {}).then(
        (answer) => answer.text(),
        () => "closed",
      ),
    );
    if (turn % 2 === 0) await asked[0];
    for (let step = 0; step < turn % 60; step += 1) await Promise.resolve();
    transport.close();
    await Promise.all(asked);
    if (server.open() > 0) await until(`turn ${turn}: all are closed`, () => server.open() === 0);
  }
  expect(server.open()).toBe(0);
});

test("a request that fails leaves no descriptor open in this process", async () => {
  const ends = [
    (socket: Bun.Socket) => socket.terminate(),
    (socket: Bun.Socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut"),
    (socket: Bun.Socket) => void socket.end("not HTTP\r\n\r\n"),
    () => undefined, // silence
  ];
  let asked = 0;
  const data = (socket: Bun.Socket) => ends[asked++ % ends.length]?.(socket);
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data } });
  const refusing = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data } });
  refusing.stop(true);
  const descriptors = () => readdirSync("/proc/self/fd").length;
  const before = descriptors();
  for (let turn = 0; turn < 50; turn += 1) {
    const transport = transportThroughLo();
    const { port } = turn % 5 === 0 ? refusing : server;
    const signal = AbortSignal.timeout(20);
    const answer = transport.fetch(`http://127.0.0.1:${port}/`, { signal });
    await expect(answer.then((each) => each.text())).rejects.toThrow();
    transport.close();
  }
  server.stop(true);
  await until("all are closed", () => descriptors() <= before);
});
