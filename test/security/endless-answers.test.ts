import { expect, test } from "bun:test";
import type { Socket } from "bun";
import { fetchArgs } from "../kit/program/fetch-from.ts";
import { guardEndpoints } from "../kit/program/endpoint-guard.ts";
import { binary } from "../kit/program/run-ec2nic.ts";
import { watchPeak } from "../kit/program/peak-memory.ts";

interface Peer {
  isAsked: boolean;
}

/** Answers every request with `head`, and then `part` for as long as anybody reads. */
function pouring(head: string, part: string) {
  const block = Buffer.from(part.repeat(Math.ceil(65_536 / part.length)));
  const pour = (socket: Socket<Peer>): void => {
    if (!socket.data.isAsked) return;
    for (let turn = 0; turn < 64; turn += 1) {
      const sent = socket.write(block);
      if (sent < block.length) return;
    }
    setTimeout(() => pour(socket), 0);
  };
  return serving({
    data: (socket) => {
      socket.write(head);
      socket.data.isAsked = true;
      pour(socket);
    },
    drain: pour,
  });
}

/** Gives a token, and to each path what `body` says. */
function answering(body: (path: string) => string) {
  return serving({
    data: (socket, bytes) => {
      for (const [, method, path] of bytes.toString().matchAll(/(GET|PUT) (\S+) HTTP/g)) {
        const said = method === "PUT" ? "token" : body(path ?? "");
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${said.length}\r\n\r\n`);
        socket.write(said);
      }
    },
    drain: () => undefined,
  });
}

type Play = Pick<Bun.SocketHandler<Peer>, "data" | "drain">;

function serving(play: Play) {
  const listener = Bun.listen<Peer>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      ...play,
      open: (socket) => void (socket.data = { isAsked: false }),
      close: (socket) => void (socket.data.isAsked = false),
      error: () => undefined,
    },
  });
  const url = `http://127.0.0.1:${listener.port}`;
  return { url, [Symbol.dispose]: () => listener.stop(true) };
}

/** A run, with the most memory that it had at any moment. */
async function fetchMeasured(url: string, args: readonly string[]) {
  const all = [...fetchArgs(url, args), "--timeout", "1200ms"];
  guardEndpoints({ args: all, env: {}, namespace: false });
  const startMs = performance.now();
  const child = Bun.spawn([binary, ...all], { env: {}, stdout: "pipe", stderr: "pipe" });
  const peak = watchPeak(child.pid, binary, 5);
  const [stderr, code] = await Promise.all([child.stderr.text(), child.exited]);
  const peakMb = peak.stop() / 1024;
  // the program itself has more: something was seen
  expect(peakMb).toBeGreaterThan(10);
  return { code, stderr, peakMb, elapsedMs: performance.now() - startMs };
}

const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const endless: Readonly<Record<string, readonly [head: string, part: string]>> = {
  "a status line": ["HTTP/1.1 200 ", "x"],
  "a header": ["HTTP/1.1 200 OK\r\nX: ", "x"],
  headers: ["HTTP/1.1 200 OK\r\n", "X: y\r\n"],
  "interim answers": ["", "HTTP/1.1 100 Continue\r\n\r\n"],
  "the extension of a chunk": [`${chunked}1;`, "x"],
  "empty chunks' sizes": [chunked, "0"],
  "a trailer": [`${chunked}1\r\na\r\n0\r\nX: `, "x"],
  "a body without a length": ["HTTP/1.1 200 OK\r\n\r\n", "x"],
  "a body with a length": ["HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "x"],
  "an error page": ["HTTP/1.1 500 X\r\n\r\n", "x"],
};

for (const through of [[], ["--interface", "lo"]]) {
  for (const [name, [head, part]] of Object.entries(endless)) {
    test.concurrent(
      `${["fetch", ...through].join(" ")}: ${name} without end costs neither memory nor time`,
      async () => {
        using server = pouring(head, part);
        const { code, stderr, peakMb, elapsedMs } = await fetchMeasured(server.url, [
          ...through,
          "mac",
        ]);
        expect([65, 69], stderr).toContain(code);
        expect(peakMb).toBeLessThan(200);
        expect(elapsedMs).toBeLessThan(5000);
      },
    );
  }
}

// 51 answers of 20,000 folders made 2.2 GB in six seconds
test("folders in folders without end: refused at once", async () => {
  const folders = Array.from({ length: 20_000 }, (_, at) => `${at}/`).join("\n");
  using server = answering(() => folders);
  const { code, stderr, peakMb } = await fetchMeasured(server.url, ["meta-data"]);
  expect(code).toBe(65);
  expect(stderr).toContain("more than 1000 names");
  expect(peakMb).toBeLessThan(200);
});

test("a tree that grows without end, in folders of a size that there is: refused", async () => {
  const folders = Array.from({ length: 900 }, (_, at) => `${at}/`).join("\n");
  using server = answering(() => folders);
  const { code, stderr, peakMb } = await fetchMeasured(server.url, ["meta-data"]);
  expect(code).toBe(65);
  expect(stderr).toContain("more than 10000 names");
  expect(peakMb).toBeLessThan(200);
});

test("leaves as large as they may be, without end: 64 MiB in all", async () => {
  const [names, leaf] = [
    Array.from({ length: 900 }, (_, at) => at).join("\n"),
    "x".repeat(262_144),
  ];
  using server = answering((path) => (path.endsWith("/") ? names : leaf));
  const all = ["meta-data", "--timeout", "15s"];
  const { code, stderr, peakMb } = await fetchMeasured(server.url, all);
  expect([65, 69], stderr).toContain(code);
  expect(peakMb).toBeLessThan(400);
}, 20_000);
