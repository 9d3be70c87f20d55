import { expect, setDefaultTimeout, test } from "bun:test";
import { atOnceMs, patient, testLimitMs } from "../../kit/basics/busy-machine.ts";
import { fetchFrom } from "../../kit/program/fetch-from.ts";

setDefaultTimeout(testLimitMs);

/** Starts a server that answers every request with these bytes. */
function startServer(bytes: string) {
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

const replies: Readonly<Record<string, string>> = {
  "101 with upgrade": "HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
  "101 without upgrade": "HTTP/1.1 101 Switching\r\n\r\n",
  "status 999": "HTTP/1.1 999 What\r\ncontent-length: 0\r\n\r\n",
  "status 099": "HTTP/1.1 099 What\r\ncontent-length: 0\r\n\r\n",
  "204 No Content": "HTTP/1.1 204 None\r\n\r\n",
  "102 and no final response": "HTTP/1.1 102 Processing\r\n\r\n",
  "two Content-Length headers":
    "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
  "an SSH banner": "SSH-2.0-OpenSSH_9.6\r\n",
  "a NUL byte": "\0",
};

// with a socket bound to a NIC, 101 hung for ever and 999 caused exit status 70 (found in a review)
for (const interfaceArgs of [[], ["--interface", "lo"]]) {
  for (const [name, bytes] of Object.entries(replies)) {
    test.concurrent(
      `${["fetch", ...interfaceArgs].join(" ")} rejects an invalid reply in time: ${name}`,
      async () => {
        using server = startServer(bytes);
        const args = [...interfaceArgs, "mac", "--timeout", "1500ms"];
        const run = await fetchFrom(server, args, { env: patient });
        expect([65, 69], run.stderr).toContain(run.code);
        expect(run.text).toBe("");
        expect(run.elapsedMs).toBeLessThan(atOnceMs);
      },
    );
  }
}
