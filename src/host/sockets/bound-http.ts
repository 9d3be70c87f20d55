import { Agent, type ClientRequestArgs, type IncomingMessage, request } from "node:http";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { Readable } from "node:stream";
import { chooseSource } from "../../model/link.ts";
import { CodedError } from "../errors.ts";
import type { BindOptions, BoundTransport } from "../host.ts";
import { connectThroughNic } from "./connect.ts";
import type { Libc } from "./libc.ts";

/**
 * The arguments of a request. Node.js does not pass its `signal` to the agent, but passes `stop`.
 */
interface BoundRequestArgs extends ClientRequestArgs {
  /** Aborts a connect, whose descriptor would otherwise stay open after the request. */
  readonly stop?: AbortSignal;
}

type ConnectCallback = NonNullable<Parameters<NonNullable<Agent["createConnection"]>>[1]>;

/**
 * Opens connections through one NIC, and keeps them for the next request. The session limits its
 * requests, because `maxSockets` of Node.js does not count a connection that is being opened.
 */
class BoundAgent extends Agent {
  readonly #libc: Libc;
  readonly #options: BindOptions;
  readonly #closing = new AbortController();

  constructor(libc: Libc, options: BindOptions) {
    super({ keepAlive: true });
    this.#libc = libc;
    this.#options = options;
  }

  override createConnection(args: BoundRequestArgs, callback?: ConnectCallback): undefined {
    void this.#openFor(args, callback ?? (() => undefined));
  }

  /** Aborts every connect and closes every connection, also those in use. */
  close(): void {
    this.#closing.abort(new Error("the transport is closed"));
    this.destroy();
  }

  /** Opens and closes a connection. Throws like `connectThroughNic`. */
  async tryConnect(args: BoundRequestArgs): Promise<void> {
    this.#libc.close(await this.#connect(args));
  }

  /** Opens a connection for a request. Node.js expects an error in the callback. */
  async #openFor(args: BoundRequestArgs, callback: ConnectCallback): Promise<void> {
    try {
      const socket = openSocket(await this.#connect(args));
      // the agent was closed: Node.js does not know this socket, and would leave it open
      if (this.#closing.signal.aborted) socket.destroy();
      this.#closing.signal.throwIfAborted();
      callback(null, socket);
    } catch (error) {
      // oxlint-disable-next-line no-unsafe-type-assertion -- unused after an error
      callback(error instanceof Error ? error : new Error(String(error)), undefined as never);
    }
  }

  async #connect({ host, port, stop }: BoundRequestArgs): Promise<number> {
    const address = String(host);
    const { nic, sources, connectMs: timeoutMs } = this.#options;
    const source = chooseSource(address, sources);
    if (source === null) {
      throw new CodedError("EADDRNOTAVAIL", `${nic} has no address from which to reach ${address}`);
    }
    const signal = AbortSignal.any([this.#closing.signal, ...(stop === undefined ? [] : [stop])]);
    const target = { nic, source, address, port: Number(port), timeoutMs, signal };
    return connectThroughNic(this.#libc, target);
  }
}

/** This call is undocumented, but Bun 1.4.5 closes a `new Socket({ fd })` at once. */
function openSocket(fd: number): Socket {
  // oxlint-disable-next-line no-unsafe-type-assertion -- the types do not have `fd`
  return connect({ fd } as unknown as NetConnectOpts);
}

/**
 * HTTP through one NIC: requests of Node.js over sockets of libc, because `fetch` cannot bind to a
 * device. This also makes `connectMs` and the errors of a connect exact.
 */
export function createBoundTransport(libc: Libc, options: BindOptions): BoundTransport {
  const agent = new BoundAgent(libc, options);
  return {
    fetch: (url, init) => fetchWithAgent(agent, new URL(url), init),
    canConnect: null,
    tryConnect: (host, port, signal) => agent.tryConnect({ host, port, stop: signal }),
    close: () => agent.close(),
  };
}

/** Node.js reports a response, an error or an upgrade (101), but no abort after one of these. */
async function fetchWithAgent(agent: BoundAgent, url: URL, init: RequestInit): Promise<Response> {
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
  const clientRequest = request(args, resolve);
  clientRequest.on("error", reject); // not `once`: a socket may fail again after the response
  clientRequest.once("upgrade", (_, socket) => {
    socket.destroy();
    reject(new CodedError("status 101", "the server changed the protocol without a request"));
  });
  clientRequest.once("close", () =>
    reject(new CodedError("ECONNRESET", "the connection was closed without a response")),
  );
  clientRequest.end();
  return toResponse(await promise);
}

/** Responses with these statuses have no body: `Response` throws if it gets one. */
const bodilessStatuses: readonly number[] = [204, 205, 304];

/** Throws for a status below 200 or above 599, which `Response` does not accept. */
function toResponse(message: IncomingMessage): Response {
  const status = message.statusCode ?? 0;
  if (status < 200 || status > 599) {
    message.destroy();
    throw new CodedError(`status ${status}`, "HTTP has no such status");
  }
  const headers = Object.entries(message.headers).map(([name, value]) => [name, String(value)]);
  const isBodiless = bodilessStatuses.includes(status);
  if (isBodiless) message.resume();
  // oxlint-disable-next-line no-unsafe-type-assertion -- both types of streams are the same here
  const body = isBodiless ? null : (Readable.toWeb(message) as unknown as ReadableStream);
  return new Response(body, { status, headers: Object.fromEntries(headers) });
}
