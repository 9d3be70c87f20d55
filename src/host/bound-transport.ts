import { type IncomingMessage, request } from "node:http";
import { Readable } from "node:stream";
import { BoundAgent, type BoundRequestArgs } from "./bound-agent.ts";
import type { BoundTransport, BoundWay } from "./host.ts";
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

function fetchThrough(agent: BoundAgent, url: URL, init: RequestInit): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const args: BoundRequestArgs = {
    agent,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port || "80",
    path: url.pathname,
    method: init.method ?? "GET",
    headers: { ...Object.fromEntries(new Headers(init.headers)), host: url.host },
    ...(init.signal ? { signal: init.signal, stop: init.signal } : {}),
  };
  const asked = request(args, (message) => resolve(responseOf(message)));
  asked.on("error", reject); // not `once`: a socket may fail again after the answer
  asked.end();
  return promise;
}

/** Statuses that come without a body, which `Response` insists on. */
const bodiless: readonly number[] = [204, 205, 304];

function responseOf(message: IncomingMessage): Response {
  const status = message.statusCode ?? 0;
  const headers = Object.entries(message.headers).map(([name, value]) => [name, String(value)]);
  const isBodiless = bodiless.includes(status);
  if (isBodiless) message.resume();
  // oxlint-disable-next-line no-unsafe-type-assertion -- node's and the web's streams are one here
  const body = isBodiless ? null : (Readable.toWeb(message) as unknown as ReadableStream);
  return new Response(body, { status, headers: Object.fromEntries(headers) });
}
