import type { Socket } from "node:net";
import { type ListenAddress, Listener } from "./listener.ts";

/** All listening addresses and the connections that they accepted. */
export class TcpServer {
  readonly #listeners: readonly Listener[];
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #accepted = 0;
  #maxOpen = 0;
  #refusals = 0;
  #isStopped = false;

  constructor(listen: readonly ListenAddress[], serve: (socket: Socket, number: number) => void) {
    const accept = (socket: Socket): void => {
      this.#accepted += 1;
      this.#sockets.add(socket);
      this.#maxOpen = Math.max(this.#maxOpen, this.#sockets.size);
      socket.once("close", () => this.#sockets.delete(socket));
      serve(socket, this.#accepted);
    };
    this.#listeners = listen.map((address) => new Listener(address, accept));
  }

  get urls(): readonly string[] {
    return this.#listeners.map(({ url }) => url);
  }

  /** Connections accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** The highest number of connections open at the same time. */
  get maxOpen(): number {
    return this.#maxOpen;
  }

  async open(): Promise<void> {
    for (const listener of this.#listeners) await listener.open();
  }

  /** Refuses connections from `afterMs` on (0: now) for `forMs`; open connections are reset. */
  refuse(afterMs: number, forMs: number): void {
    if (afterMs > 0) this.#later(afterMs, () => this.refuse(0, forMs));
    else {
      this.#refusals += 1;
      for (const listener of this.#listeners) listener.close();
      this.#resetAll();
      if (Number.isFinite(forMs)) this.#later(forMs, () => this.#endRefusal());
    }
  }

  /** Ends every refusal, and cancels planned ones. */
  async clearRefusals(): Promise<void> {
    this.#clearTimers();
    this.#refusals = 0;
    await this.open();
  }

  /** Closes all listeners and resets all connections, permanently. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#clearTimers();
    for (const listener of this.#listeners) listener.close();
    const closed = [...this.#sockets].map(
      (socket) => new Promise((resolve) => socket.once("close", resolve)),
    );
    this.#resetAll();
    await Promise.all(closed);
  }

  #endRefusal(): void {
    this.#refusals -= 1;
    if (this.#refusals > 0 || this.#isStopped) return;
    // Another process may have bound the port in the meantime: try again until it is free.
    this.open().catch(() => {
      for (const listener of this.#listeners) listener.close();
      this.#refusals += 1;
      this.#later(20, () => this.#endRefusal());
    });
  }

  #later(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}
