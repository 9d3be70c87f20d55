import { createServer, isIPv6, type Server, type Socket } from "node:net";

export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** One listening address. It can be closed and opened again on the same port. */
export class Listener {
  readonly #host: string;
  readonly #accept: (socket: Socket) => void;
  #port: number;
  #server: Server | null = null;

  constructor({ host, port }: ListenAddress, accept: (socket: Socket) => void) {
    this.#host = host;
    this.#port = port;
    this.#accept = accept;
  }

  get url(): string {
    const host = isIPv6(this.#host) ? `[${this.#host}]` : this.#host;
    return `http://${host}:${this.#port}`;
  }

  /** Resolves once connections are accepted; rejects with the system's error if `listen` fails. */
  async open(): Promise<void> {
    if (this.#server !== null) return;
    const server = createServer({ noDelay: true }, this.#accept);
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: this.#host, port: this.#port, backlog: 1024 }, resolve);
    });
    const address = server.address();
    if (address !== null && typeof address === "object") this.#port = address.port;
  }

  /** From now on connections are refused; open connections stay open. */
  close(): void {
    this.#server?.close();
    this.#server = null;
  }
}
