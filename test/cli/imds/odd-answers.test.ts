import { expect, test } from "bun:test";
import { fetchFrom } from "../../kit/program/fetch-from.ts";

/** A server that answers every request with these bytes. */
function answering(bytes: string) {
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket) => void socket.write(bytes) },
  });
  return {
    url: `http://127.0.0.1:${listener.port}`,
    [Symbol.dispose]: () => listener.stop(true),
  };
}

const answers: Readonly<Record<string, string>> = {
  "a change of protocol": "HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
  "a change of protocol, unnamed": "HTTP/1.1 101 Switching\r\n\r\n",
  "a status beyond the last": "HTTP/1.1 999 What\r\ncontent-length: 0\r\n\r\n",
  "a status before the first": "HTTP/1.1 099 What\r\ncontent-length: 0\r\n\r\n",
  "no content": "HTTP/1.1 204 None\r\n\r\n",
  "processing, for ever": "HTTP/1.1 102 Processing\r\n\r\n",
  "two lengths": "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
  "an SSH banner": "SSH-2.0-OpenSSH_9.6\r\n",
  nothing: "\0",
};

// seen in a review: 101 hung for ever and 999 was a bug (70), through a socket bound to a NIC
for (const through of [[], ["--interface", "lo"]]) {
  for (const [name, bytes] of Object.entries(answers)) {
    test.concurrent(
      `${["fetch", ...through].join(" ")}: ${name} is no token, and ends in time`,
      async () => {
        using server = answering(bytes);
        const run = await fetchFrom(server, [...through, "mac", "--timeout", "1500ms"]);
        expect([65, 69], run.stderr).toContain(run.code);
        expect(run.text).toBe("");
        expect(run.elapsedMs).toBeLessThan(2500);
      },
    );
  }
}
