import { type IncomingMessage, request } from "node:http";
import { Readable } from "node:stream";
import { BoundAgent, type BoundRequestArgs } from "./bound-agent.ts";
import type { BoundTransport, BoundWay } from "../host.ts";
import type { Libc } from "./libc.ts";

/**
 * HTTP through one NIC: node's requests over sockets that the C library made, for fetch cannot be
 * bound to a device. `connectMs` is exact, and so are the errors.
 */
export function boundTransport(libc: Libc, way: BoundWay): BoundTransport {
  const agent = new BoundAgent(libc, way);
  return {
    fetch: (url, init) => fetchThrough(agent, new URL(url), init),
    connects: null,
    connect: (host, port, signal) => agent.tryConnect({ host, port, stop: signal }),
    close: () => agent.close(),
  };
}

/** node tells of an answer, an error or (101) an upgrade; of an abort after that, of nothing. */
async function fetchThrough(agent: BoundAgent, url: URL, init: RequestInit): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { signal } = init;
  signal?.throwIfAborted();
  signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  const args: BoundRequestArgs = {
    agent,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port || "80",
    path: url.pathname,
    method: init.method ?? "GET",
    headers: { ...Object.fromEntries(new Headers(init.headers)), host: url.host },
    ...(signal ? { signal, stop: signal } : {}),
  };
  const asked = request(args, resolve);
  asked.on("error", reject); // not `once`: a socket may fail again after the answer
  asked.once("upgrade", (_, socket) => {
    socket.destroy();
    reject(new OddAnswer("status 101", "a change of protocol that nobody asked for"));
  });
  asked.once("close", () => reject(new OddAnswer("ECONNRESET", "closed without an answer")));
  asked.end();
  return responseOf(await promise);
}

class OddAnswer extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Statuses that come without a body, which `Response` insists on. */
const bodiless: readonly number[] = [204, 205, 304];

/** Throws for a status that HTTP does not have: `Response` takes none below 200 or above 599. */
function responseOf(message: IncomingMessage): Response {
  const status = message.statusCode ?? 0;
  if (status < 200 || status > 599) {
    message.destroy();
    throw new OddAnswer(`status ${status}`, "no such status");
  }
  const headers = Object.entries(message.headers).map(([name, value]) => [name, String(value)]);
  const isBodiless = bodiless.includes(status);
  if (isBodiless) message.resume();
  // oxlint-disable-next-line no-unsafe-type-assertion -- node's and the web's streams are one here
  const body = isBodiless ? null : (Readable.toWeb(message) as unknown as ReadableStream);
  return new Response(body, { status, headers: Object.fromEntries(headers) });
}
