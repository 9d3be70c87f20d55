import { Agent, type ClientRequestArgs } from "node:http";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { sourceFor } from "../../model/source-for.ts";
import { connectThrough } from "./connect.ts";
import type { BoundWay } from "../host.ts";
import type { Libc } from "./libc.ts";

/** What a request through a `BoundAgent` may say: node does not hand its `signal` to the agent. */
export interface BoundRequestArgs extends ClientRequestArgs {
  /** Ends a connect that is under way; without it, its descriptor would outlive the request. */
  readonly stop?: AbortSignal;
}

type Done = NonNullable<Parameters<NonNullable<Agent["createConnection"]>>[1]>;

/**
 * Opens connections through one NIC, and keeps them for the next request. It does not bound how
 * many: a connection that is still being made does not count for node's `maxSockets`, so the
 * session does.
 */
export class BoundAgent extends Agent {
  readonly #libc: Libc;
  readonly #way: BoundWay;
  readonly #over = new AbortController();

  constructor(libc: Libc, way: BoundWay) {
    super({ keepAlive: true });
    this.#libc = libc;
    this.#way = way;
  }

  override createConnection(args: BoundRequestArgs, done?: Done): undefined {
    void this.#hand(args, done ?? (() => undefined));
  }

  /** Ends every connect and closes every connection, idle or not. */
  close(): void {
    this.#over.abort(new Error("the transport is closed"));
    this.destroy();
  }

  /** node's way to be told of a failure is the callback. */
  async #hand(args: BoundRequestArgs, done: Done): Promise<void> {
    try {
      const socket = await this.#open(args);
      // closed meanwhile: node would not know of it, and it would stay open
      if (this.#over.signal.aborted) socket.destroy();
      this.#over.signal.throwIfAborted();
      done(null, socket);
    } catch (error) {
      // oxlint-disable-next-line no-unsafe-type-assertion -- node reads no socket beside an error
      done(error instanceof Error ? error : new Error(String(error)), undefined as never);
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
    const source = sourceFor(address, sources);
    if (source === null) throw new NoSource(`${nic} has no address to ask ${address} from`);
    const signal = AbortSignal.any([this.#over.signal, ...(stop === undefined ? [] : [stop])]);
    const target = { nic, source, address, port: Number(port), timeoutMs, signal };
    return connectThrough(this.#libc, target);
  }
}

class NoSource extends Error {
  readonly code = "EADDRNOTAVAIL";
}
