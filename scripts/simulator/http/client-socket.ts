import type { Socket } from "node:net";

/** The socket of one accepted connection: write, wait, end, reset. */
export class ClientSocket {
  /** Resolves when the connection is closed, by either side. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  /** Sends bytes; resolves when there is room for more, or when the connection is closed. */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.isOpen || this.#socket.write(bytes)) return;
    const drained = new Promise<void>((resolve) => this.#socket.once("drain", () => resolve()));
    await Promise.race([drained, this.closed]);
  }

  /** Waits `ms`, or until the connection is closed. */
  async sleep(ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const elapsed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([elapsed, this.closed]);
    clearTimeout(timer);
  }

  /** Sends FIN after the written bytes. */
  end(): void {
    this.#socket.end();
  }

  /** Sends RST at once. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }
}
