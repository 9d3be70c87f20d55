import { expect, setDefaultTimeout, test } from "bun:test";
import type { Socket } from "bun";
import { atOnceMs, testLimitMs } from "../kit/basics/busy-machine.ts";
import { fetchArgs } from "../kit/program/fetch-from.ts";
import { guardEndpoints } from "../kit/program/endpoint-guard.ts";
import { binary } from "../kit/program/run-ec2nic.ts";
import { watchPeak } from "../kit/program/peak-memory.ts";

setDefaultTimeout(testLimitMs);

interface ConnectionState {
  hasRequest: boolean;
}

/** Answers every request with `head`, and then repeats `part` until the client closes. */
function startEndlessServer(head: string, part: string) {
  const block = Buffer.from(part.repeat(Math.ceil(65_536 / part.length)));
  const sendMore = (socket: Socket<ConnectionState>): void => {
    if (!socket.data.hasRequest) return;
    for (let count = 0; count < 64; count += 1) {
      const sent = socket.write(block);
      if (sent < block.length) return;
    }
    setTimeout(() => sendMore(socket), 0);
  };
  const listener = Bun.listen<ConnectionState>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => void (socket.data = { hasRequest: false }),
      data: (socket) => {
        socket.write(head);
        socket.data.hasRequest = true;
        sendMore(socket);
      },
      drain: sendMore,
      close: (socket) => void (socket.data.hasRequest = false),
      error: () => undefined,
    },
  });
  const url = `http://127.0.0.1:${listener.port}`;
  return { url, [Symbol.dispose]: () => listener.stop(true) };
}

/** Runs `ec2nic fetch`, and measures its peak memory. */
async function fetchMeasured(url: string, args: readonly string[]) {
  const all = fetchArgs(url, args);
  guardEndpoints({ args: all, env: {}, namespace: false });
  const startMs = performance.now();
  const child = Bun.spawn([binary, ...all], { env: {}, stdout: "pipe", stderr: "pipe" });
  const peak = watchPeak(child.pid, binary, 5);
  const [stderr, code] = await Promise.all([child.stderr.text(), child.exited]);
  const peakMb = peak.stop() / 1024;
  // the program itself needs more than this: the measurement worked
  expect(peakMb).toBeGreaterThan(10);
  return { code, stderr, peakMb, elapsedMs: performance.now() - startMs };
}

const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const endless: Readonly<Record<string, readonly [head: string, part: string]>> = {
  "a status line": ["HTTP/1.1 200 ", "x"],
  "a header": ["HTTP/1.1 200 OK\r\nX: ", "x"],
  headers: ["HTTP/1.1 200 OK\r\n", "X: y\r\n"],
  "interim responses": ["", "HTTP/1.1 100 Continue\r\n\r\n"],
  "a chunk extension": [`${chunked}1;`, "x"],
  "a chunk size of zeros": [chunked, "0"],
  "a trailer": [`${chunked}1\r\na\r\n0\r\nX: `, "x"],
  "a body without a length": ["HTTP/1.1 200 OK\r\n\r\n", "x"],
  "a body with a length": ["HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "x"],
  "an error page": ["HTTP/1.1 500 X\r\n\r\n", "x"],
};

for (const interfaceArgs of [[], ["--interface", "lo"]]) {
  for (const [name, [head, part]] of Object.entries(endless)) {
    test.concurrent(
      `${["fetch", ...interfaceArgs].join(" ")}: an endless reply is limited in memory and time: ${name}`,
      async () => {
        using server = startEndlessServer(head, part);
        const { code, stderr, peakMb, elapsedMs } = await fetchMeasured(server.url, [
          ...interfaceArgs,
          "mac",
          "--timeout",
          "1200ms",
        ]);
        expect([65, 69], stderr).toContain(code);
        expect(peakMb).toBeLessThan(200);
        expect(elapsedMs).toBeLessThan(atOnceMs);
      },
    );
  }
}

test("900 leaves of the maximum size are limited to 64 MiB in total", async () => {
  const [names, leaf] = [
    Array.from({ length: 900 }, (_, at) => at).join("\n"),
    "x".repeat(262_144),
  ];
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ method, url }) =>
      new Response(method === "PUT" ? "token" : url.endsWith("/") ? names : leaf),
  });
  const url = `http://127.0.0.1:${server.port}`;
  const { code, stderr, peakMb } = await fetchMeasured(url, ["meta-data"]);
  expect(code).toBe(65);
  expect(stderr).toContain("IMDS has sent more than 67108864 bytes");
  expect(peakMb).toBeLessThan(400);
});
