import { Agent, type ClientRequestArgs, type IncomingMessage, request } from "node:http";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { chooseSource } from "../../model/link.ts";
import { connectThroughNic } from "./connect.ts";
import type { BoundTransport, BindOptions } from "../host.ts";
import type { Libc } from "./libc.ts";
import { Readable } from "node:stream";

/** What a request through a `BoundAgent` may say: node does not hand its `signal` to the agent. */
interface BoundRequestArgs extends ClientRequestArgs {
  /** Ends a connect that is under way; without it, its descriptor would outlive the request. */
  readonly stop?: AbortSignal;
}

type ConnectCallback = NonNullable<Parameters<NonNullable<Agent["createConnection"]>>[1]>;

/**
 * Opens connections through one NIC, and keeps them for the next request. It does not bound how
 * many: a connection that is still being made does not count for node's `maxSockets`, so the
 * session does.
 */
class BoundAgent extends Agent {
  readonly #libc: Libc;
  readonly #way: BindOptions;
  readonly #over = new AbortController();

  constructor(libc: Libc, options: BindOptions) {
    super({ keepAlive: true });
    this.#libc = libc;
    this.#way = options;
  }

  override createConnection(args: BoundRequestArgs, callback?: ConnectCallback): undefined {
    void this.#hand(args, callback ?? (() => undefined));
  }

  /** Ends every connect and closes every connection, idle or not. */
  close(): void {
    this.#over.abort(new Error("the transport is closed"));
    this.destroy();
  }

  /** node's way to be told of a failure is the callback. */
  async #hand(args: BoundRequestArgs, callback: ConnectCallback): Promise<void> {
    try {
      const socket = await this.#open(args);
      // closed meanwhile: node would not know of it, and it would stay open
      if (this.#over.signal.aborted) socket.destroy();
      this.#over.signal.throwIfAborted();
      callback(null, socket);
    } catch (error) {
      // oxlint-disable-next-line no-unsafe-type-assertion -- node reads no socket beside an error
      callback(error instanceof Error ? error : new Error(String(error)), undefined as never);
    }
  }

  /** Opens a connection that carries nothing. Throws as `connectThrough` does. */
  async tryConnect(args: BoundRequestArgs): Promise<void> {
    this.#libc.close(await this.#descriptor(args));
  }

  async #open(args: BoundRequestArgs): Promise<Socket> {
    const fd = await this.#descriptor(args);
    // undocumented, and the only way that works in Bun 1.4.5: `new Socket({ fd })` is closed at once
    // oxlint-disable-next-line no-unsafe-type-assertion -- as said
    return connect({ fd } as unknown as NetConnectOpts);
  }

  async #descriptor({ host, port, stop }: BoundRequestArgs): Promise<number> {
    const address = String(host);
    const { nic, sources, connectMs: timeoutMs } = this.#way;
    const source = chooseSource(address, sources);
    if (source === null) throw new NoSourceAddress(`${nic} has no address to ask ${address} from`);
    const signal = AbortSignal.any([this.#over.signal, ...(stop === undefined ? [] : [stop])]);
    const target = { nic, source, address, port: Number(port), timeoutMs, signal };
    return connectThroughNic(this.#libc, target);
  }
}

class NoSourceAddress extends Error {
  readonly code = "EADDRNOTAVAIL";
}

/**
 * HTTP through one NIC: node's requests over sockets that the C library made, for fetch cannot be
 * bound to a device. `connectMs` is exact, and so are the errors.
 */
export function createBoundTransport(libc: Libc, options: BindOptions): BoundTransport {
  const agent = new BoundAgent(libc, options);
  return {
    fetch: (url, init) => fetchThroughAgent(agent, new URL(url), init),
    canConnect: null,
    tryConnect: (host, port, signal) => agent.tryConnect({ host, port, stop: signal }),
    close: () => agent.close(),
  };
}

/** node tells of an answer, an error or (101) an upgrade; of an abort after that, of nothing. */
async function fetchThroughAgent(
  agent: BoundAgent,
  url: URL,
  init: RequestInit,
): Promise<Response> {
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
  clientRequest.on("error", reject); // not `once`: a socket may fail again after the answer
  clientRequest.once("upgrade", (_, socket) => {
    socket.destroy();
    reject(new UnexpectedResponse("status 101", "a change of protocol that nobody asked for"));
  });
  clientRequest.once("close", () =>
    reject(new UnexpectedResponse("ECONNRESET", "closed without an answer")),
  );
  clientRequest.end();
  return toResponse(await promise);
}

class UnexpectedResponse extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Statuses that come without a body, which `Response` insists on. */
const bodilessStatuses: readonly number[] = [204, 205, 304];

/** Throws for a status that HTTP does not have: `Response` takes none below 200 or above 599. */
function toResponse(message: IncomingMessage): Response {
  const status = message.statusCode ?? 0;
  if (status < 200 || status > 599) {
    message.destroy();
    throw new UnexpectedResponse(`status ${status}`, "no such status");
  }
  const headers = Object.entries(message.headers).map(([name, value]) => [name, String(value)]);
  const isBodiless = bodilessStatuses.includes(status);
  if (isBodiless) message.resume();
  // oxlint-disable-next-line no-unsafe-type-assertion -- node's and the web's streams are one here
  const body = isBodiless ? null : (Readable.toWeb(message) as unknown as ReadableStream);
  return new Response(body, { status, headers: Object.fromEntries(headers) });
}
