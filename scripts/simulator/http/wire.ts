import type { Socket } from "node:net";

/** What can be done to one accepted connection, whatever it was sent. */
export class Wire {
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  /** Sends bytes; resolves when there is room for more, or when the connection is gone. */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.isOpen || this.#socket.write(bytes)) return;
    const drained = new Promise<void>((resolve) => this.#socket.once("drain", () => resolve()));
    await Promise.race([drained, this.closed]);
  }

  /** Waits; less when the connection goes. */
  async sleep(ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const elapsed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([elapsed, this.closed]);
    clearTimeout(timer);
  }

  /** FIN, after what was written. */
  end(): void {
    this.#socket.end();
  }

  /** RST, at once. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }
}
